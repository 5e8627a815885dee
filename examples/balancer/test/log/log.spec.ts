import { expect } from 'aegir/chai'
import { createComponentLogger } from '../../src/log/component-logger.ts'
import { createLog, LOG_LEVELS } from '../../src/log/log.ts'
import type { Log, LogFormat, LogLevel } from '../../src/log/log.ts'

const NOON = Date.parse('2026-01-31T12:00:00.000Z')

function logTo (lines: string[], level: LogLevel = 'debug', format: LogFormat = 'text'): Log {
  return createLog({ level, format, write: line => { lines.push(line) }, now: () => NOON })
}

describe('log', () => {
  it('writes a line of text for each call, with time and level', () => {
    const lines: string[] = []
    logTo(lines).warn('node a is down: cut off', { node: 'a' })

    expect(lines).to.deep.equal(['2026-01-31T12:00:00.000Z warn  node a is down: cut off'])
  })

  it('writes one object per line, with the fields next to the message', () => {
    const lines: string[] = []
    logTo(lines, 'debug', 'json').warn('node a is down', { node: 'a', reason: undefined, leftOut: 2 })

    expect(lines.map(line => JSON.parse(line) as unknown)).to.deep.equal([
      { time: '2026-01-31T12:00:00.000Z', level: 'warn', message: 'node a is down', node: 'a', leftOut: 2 }
    ])
  })

  it('leaves out messages below its level', () => {
    for (const [i, level] of LOG_LEVELS.entries()) {
      const lines: string[] = []
      const log = logTo(lines, level)
      LOG_LEVELS.forEach(name => { log[name]('x') })

      expect(lines.map(line => line.split(' ')[1])).to.deep.equal(LOG_LEVELS.slice(0, i + 1))
    }
  })

  for (const format of ['text', 'json'] as const) {
    it(`removes line breaks, control characters and credentials, as ${format}`, () => {
      const lines: string[] = []
      const message = 'a\r\n  b\u001b[31m\u2028c http://user:hunter2@node:5001/'
      logTo(lines, 'debug', format).info(message, { reason: message })

      expect(lines).to.have.lengthOf(1)
      expect(lines[0]).to.not.match(/[\p{Cc}\u2028]|hunter2/u)
      expect(lines[0]).to.include('a b [31m c http://***@node:5001/')
    })
  }
})

describe('component logger', () => {
  it('has only messages of the project\'s components at level debug', () => {
    const lines: string[] = []
    const { forComponent } = createComponentLogger(logTo(lines))
    forComponent('kitsune:router').newScope('x').error('%s failed %d%% - %e', 'a', 5, new Error('cut off'))
    forComponent('libp2p:tcp')('opened')

    expect(lines).to.deep.equal(['2026-01-31T12:00:00.000Z debug kitsune:router:x: a failed 5% - cut off'])
  })

  it('writes nothing at other levels', () => {
    const lines: string[] = []
    const { forComponent } = createComponentLogger(logTo(lines, 'info'))
    forComponent('kitsune:router').error('failed')

    expect(lines).to.be.empty()
    expect(forComponent('kitsune:router').enabled).to.be.false()
  })
})
