import { expect } from 'aegir/chai'
import { startProcess } from '../src/processes.ts'

describe('a process that a test starts', () => {
  it('is killed if it does not say in time that it is ready, so that the tests can end', async () => {
    const running = startProcess(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])

    await expect(running.line(() => true, 10)).to.eventually.be.rejected().with.property('name', 'StartError')
    expect(await running.exited).to.deep.equal({ code: null, signal: 'SIGKILL' })
  })
})
