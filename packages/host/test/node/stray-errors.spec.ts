import { execFile } from 'node:child_process'
import { expect } from 'aegir/chai'

const MODULE = new URL(`../../src/node/stray-errors.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

interface Ran { readonly code: number, readonly stdout: string, readonly stderr: string }

/** Runs a program in which a listener throws. */
async function listenerThrows (error: string): Promise<Ran> {
  const script = `
    import { StreamStateError } from '@libp2p/interface'
    import { reportStrayErrors } from '${MODULE}'
    reportStrayErrors(stack => { process.stdout.write(\`\${stack.split('\\n', 1)}, \`) })
    const target = new EventTarget()
    target.addEventListener('message', () => { throw ${error} })
    target.dispatchEvent(new Event('message'))
    setTimeout(() => { process.stdout.write('lives') }, 20)
  `

  return new Promise(resolve => {
    execFile(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, NODE_OPTIONS: '' } }, (err, stdout, stderr) => {
      resolve({ code: err == null ? 0 : Number(err.code), stdout, stderr })
    })
  })
}

describe('stray errors', function () {
  this.timeout(20_000)

  it('are reported, if a listener sends on a stream that has ended', async () => {
    expect(await listenerThrows("new StreamStateError('it is closed')")).to.deep.equal({ code: 0, stdout: 'StreamStateError: it is closed, lives', stderr: '' })
  })

  it('end the process, if they are any others', async () => {
    const { code, stdout, stderr } = await listenerThrows("new Error('a bug')")
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    expect(stderr).to.include('uncaughtException: Error: a bug')
  })
})
