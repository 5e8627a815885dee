import { broken } from './recorder.ts'
import type { Bench, TargetSubject } from './bench.ts'
import type { FakeBlock } from '../fake-block.ts'

/** A law of targets: its title, and a check that throws {@link LawBrokenError} where the target breaks it. */
export interface TargetLawRule {
  readonly title: string
  /** What the subject must be able to do. */
  readonly needs?: keyof TargetSubject
  /** Given a target that is up. */
  check (bench: Bench): Promise<void>
}

async function answered (bench: Bench, blocks: readonly FakeBlock[], type: string): Promise<void> {
  const silent = (): FakeBlock | undefined => blocks.find(({ key }) => bench.sink.answers(key).length === 0)

  await bench.until(() => silent() == null, () => {
    const block = silent()

    return `it did not answer the want-${type} for ${block == null ? 'a block' : bench.name(block)}, one of ${blocks.length}`
  })
}

function expectAnswer (bench: Bench, blocks: readonly FakeBlock[], type: string, right: readonly string[]): void {
  for (const block of blocks) {
    const answers = bench.sink.answers(block.key)

    if (!answers.every(answer => right.includes(answer))) {
      throw broken(`it answered the want-${type} for ${bench.name(block)} with ${answers.join(', ')}, not with ${right.join(' or ')}`)
    }
  }
}

/** The driver takes no answers of a member that is not up. */
export const upFirst: TargetLawRule = {
  title: 'comes up, and reports nothing before',
  async check ({ sink }) {
    if (sink.reports[0].what !== 'up') {
      throw broken(`its first report was ${sink.reports[0].what}, and not up`)
    }
  }
}

/** A report from inside a call would reach the engine in the middle of a decision. */
export const notReentrant: TargetLawRule = {
  title: 'reports nothing from inside start, ask or cancel',
  async check (bench) {
    const { subject: { has, missing }, sink } = bench
    bench.ask([...has, ...missing])
    bench.cancel(has)
    bench.ask(has, 'have')
    await answered(bench, [...has, ...missing], 'have')
    bench.cancel([...has, ...missing])
    await bench.quiet()

    if (sink.reentered.length > 0) {
      throw broken(`it ${sink.reentered[0]}, where the engine is not to be re-entered: report in a microtask or later`)
    }
  }
}

/** The purpose of a target. */
export const serves: TargetLawRule = {
  title: 'answers want-blocks for what it has with blocks of the right bytes',
  async check (bench) {
    const { has } = bench.subject
    bench.ask(has)
    await answered(bench, has, 'block')
    expectAnswer(bench, has, 'block', ['block'])
  }
}

/** A block answers a want-have, too, and is often cheaper than a HAVE and a second question. */
export const haves: TargetLawRule = {
  title: 'answers want-haves for what it has with HAVE or the block',
  async check (bench) {
    const { has } = bench.subject
    bench.ask(has, 'have')
    await answered(bench, has, 'have')
    expectAnswer(bench, has, 'have', ['have', 'block'])
  }
}

/** `failed` counts against a member's health, and a miss is not a fault. */
export const misses: TargetLawRule = {
  title: 'answers wants for what it does not have with DONT_HAVE or unknown, never with failed',
  async check (bench) {
    const { missing } = bench.subject

    for (const type of ['have', 'block'] as const) {
      const before = bench.sink.reports.length
      bench.ask(missing, type)
      await bench.until(() => bench.sink.reports.length >= before + missing.length, () => `it did not answer a want-${type} for a block that it does not have`)
      expectAnswer(bench, missing, type, ['dont-have', 'unknown'])
    }
  }
}

/** A second answer would be taken for the answer to a later attempt. */
export const once: TargetLawRule = {
  title: 'answers each want once, and answers nothing else',
  async check (bench) {
    const { subject: { has, missing }, sink } = bench
    const asked = [...has.slice(1), ...missing]
    bench.ask(asked)
    await answered(bench, asked, 'block')
    await bench.quiet()

    for (const block of asked) {
      const answers = sink.answers(block.key)

      if (answers.length !== 1) {
        throw broken(`it answered the want for ${bench.name(block)} ${answers.length} times: ${answers.join(', ')}`)
      }
    }

    const keys = new Set(asked.map(({ key }) => key))
    const stray = sink.reports.find(report => 'key' in report && !keys.has(report.key))

    if (stray != null) {
      throw broken(`it reported ${stray.what} for a block that it was not asked for, or wrong bytes`)
    }
  }
}

/** The engine asks again for blocks that it asked for before, for example for the block after a HAVE. */
export const duplicates: TargetLawRule = {
  title: 'answers a want that it is asked again, at most as often as it was asked',
  async check (bench) {
    const [block] = bench.subject.has
    bench.ask([block], 'have')
    bench.ask([block])
    bench.ask([block])
    const answers = (): string[] => bench.sink.answers(block.key)
    await bench.until(() => answers().includes('block'), () => 'asked for a have, and then twice for the block, it did not bring the block')
    await bench.quiet()

    if (answers().length > 3) {
      throw broken(`asked three times for one block it answered ${answers().length} times: ${answers().join(', ')}`)
    }

    const before = answers().length
    bench.ask([block])
    await bench.until(() => answers().length > before, () => 'it did not answer a want for a block that it had brought before')
  }
}

/** Work for a want that has been cancelled is lost. */
export const cancels: TargetLawRule = {
  title: 'does not start a want that is cancelled, and goes on with the rest',
  async check (bench) {
    const { subject: { has, missing }, sink } = bench
    const [first, ...rest] = has
    bench.ask([...has, ...missing])
    bench.cancel([first])
    // a want that it was never asked
    bench.cancel([first])
    await answered(bench, [...rest, ...missing], 'block')
    await bench.quiet()

    const answers = sink.answers(first.key)

    if (answers.length > 0) {
      throw broken(`it answered ${answers.join(', ')} to a want that was cancelled in the tick in which it was asked`)
    }

    bench.ask([first])
    await bench.until(() => sink.answers(first.key).length > 0, () => 'it did not answer a want that was cancelled and then asked again')
  }
}

/** Only for targets that can be cut off: the engine asks other members as long as it knows that this one is down. */
export const down: TargetLawRule = {
  title: 'goes down when it is cut off, tolerates wants meanwhile, and serves again afterwards',
  needs: 'cut',
  async check (bench) {
    const { subject, sink } = bench
    const [block] = subject.has
    const count = (what: string): number => sink.reports.filter(report => report.what === what).length

    await subject.cut?.()
    await bench.until(() => count('down') > 0, () => 'cut off, it did not report down')

    const before = sink.reports.length
    bench.ask([block])
    bench.cancel([block])
    bench.ask([block], 'have')
    await bench.quiet()
    const lie = sink.reports.slice(before).find(report => 'key' in report && report.what !== 'failed')

    if (lie != null) {
      throw broken(`it reported ${lie.what} while it was down`)
    }

    const ups = count('up')
    await subject.restore?.()
    await bench.until(() => count('up') > ups, () => 'with the connection restored, it did not come up again')
    bench.ask([block])
    await bench.until(() => sink.answers(block.key).includes('block'), () => 'up again, it did not serve a block that it has')
  }
}

/** A member can be removed while a router runs. */
export const stops: TargetLawRule = {
  title: 'stops in time, reports nothing afterwards, and tolerates wants',
  async check (bench) {
    const { subject: { has, missing }, sink } = bench
    bench.ask([...has, ...missing])

    if (!await bench.stop()) {
      throw broken('stop did not resolve in time')
    }

    const before = sink.reports.length
    bench.cancel(missing)
    bench.ask(has)
    await bench.quiet()

    if (sink.reports.length > before) {
      throw broken(`it reported ${sink.reports[before].what} after it had been stopped`)
    }
  }
}

/** Only for targets that have such a limit: without it, blocks would pile up in memory when clients are slow. */
export const backpressure: TargetLawRule = {
  title: 'hands over no more blocks than its limit while the router takes none',
  needs: 'atOnce',
  async check (bench) {
    const { subject: { has, atOnce = Infinity }, sink } = bench
    const { promise, resolve } = Promise.withResolvers<void>()
    const blocks = (): number => sink.reports.filter(({ what }) => what === 'block').length
    sink.taken = promise
    bench.ask(has)
    await bench.until(() => blocks() > 0, () => `it did not answer any of ${has.length} wants`)
    await bench.quiet()

    if (blocks() > atOnce) {
      throw broken(`it handed over ${blocks()} blocks while the router had taken none, but its limit is ${atOnce}: wait for what sink.block returns`)
    }

    resolve()
    await answered(bench, has, 'block')
  }
}

/** A block that is not taken is the router's fault, not the target's. */
export const refused: TargetLawRule = {
  title: 'survives a router that does not take a block',
  async check (bench) {
    const { subject: { has }, sink } = bench
    const refused = Promise.reject(new Error('the router could not take the block'))
    // only a target that waits for it has to handle it
    refused.catch(() => {})
    sink.taken = refused
    bench.ask(has)
    await bench.until(() => sink.reports.length > 1, () => `it did not answer any of ${has.length} wants`)
    await bench.quiet()

    sink.taken = undefined
    const [block] = has
    const before = sink.answers(block.key).length
    bench.ask([block])
    await bench.until(() => sink.answers(block.key).length > before, () => 'it stopped serving after the router had failed to take its blocks')
  }
}
