import { expect } from 'aegir/chai'
import { positive, runCommand, whole } from '../src/command.ts'

const HELP = 'what it does\n'
const OPTIONS = { minutes: { type: 'string', default: '60' } } as const

/** Runs a command that reads a number, and returns the result. */
async function run (...args: string[]): Promise<{ out: string, err: string, code: unknown, minutes?: number }> {
  const ended = { out: '', err: '', code: undefined as unknown, minutes: undefined as number | undefined }
  const process = {
    argv: ['node', 'command', ...args],
    stdout: { write: (text: string) => { ended.out += text } },
    stderr: { write: (text: string) => { ended.err += text } },
    exitCode: undefined as number | undefined
  }

  await runCommand(HELP, OPTIONS, async ({ minutes }) => { ended.minutes = positive('minutes', minutes, 90) }, process)

  return { ...ended, code: process.exitCode }
}

describe('the command line of a private command', () => {
  it('is read, with its defaults', async () => {
    expect(await run()).to.deep.equal({ out: '', err: '', code: undefined, minutes: 60 })
    expect(await run('--minutes', '0.5')).to.include({ code: undefined, minutes: 0.5 })
  })

  it('prints the help and does nothing else', async () => {
    expect(await run('--minutes', 'x', '--help')).to.deep.equal({ out: HELP, err: '', code: undefined, minutes: undefined })
  })

  it('is refused with one line if it is invalid', async () => {
    for (const args of [['--minutes', '0'], ['--minutes', '91'], ['--minutes', 'ten'], ['--hours', '1'], ['more']]) {
      const { err, code } = await run(...args)
      expect(err, args.join(' ')).to.match(/^[^\n]*\n$/).and.include(args[0])
      expect(code, args.join(' ')).to.equal(2)
    }
  })

  it('reports a bug with its stack', async () => {
    const process = { argv: [], stdout: { write () {} }, stderr: { text: '', write (text: string) { this.text += text } }, exitCode: undefined as number | undefined }
    await runCommand(HELP, OPTIONS, async () => { throw new TypeError('broken') }, process)

    expect(process.exitCode).to.equal(1)
    expect(process.stderr.text).to.include('TypeError: broken').and.include('command.spec.ts')
  })

  it('has whole numbers within their bounds', () => {
    expect(whole('times', '3', 9)).to.equal(3)

    for (const text of ['0', '1.5', '10', '-1', '']) {
      expect(() => whole('times', text, 9), text).to.throw(`--times must be a whole number from 1 to 9, not "${text}"`)
    }
  })
})
