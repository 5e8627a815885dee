import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { scenarioOf } from '../harness.ts'

// from test/cli and from dist/test/cli
const BIN = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../src/bin.ts' : '../../src/bin.js', import.meta.url))

interface Ran { code: number, stdout: string, stderr: string }

describe('kitsune-simulate', function () {
  this.timeout(300_000)

  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-simulate-'))
  })

  after(async () => {
    await rm(folder, { recursive: true })
  })

  async function run (...args: string[]): Promise<Ran> {
    return new Promise(resolve => {
      // options of the test runner's node would make the node under test print warnings
      const env = { ...process.env, NODE_OPTIONS: '' }
      execFile(process.execPath, [BIN, ...args], { cwd: folder, env }, (err, stdout, stderr) => {
        resolve({ code: err == null ? 0 : Number(err.code), stdout, stderr })
      })
    })
  }

  async function write (name: string, text: string): Promise<string> {
    await writeFile(join(folder, name), text)

    return join(folder, name)
  }

  it('prints a table apart from the progress, and writes JSON and a report', async () => {
    const scenario = await write('mine.json', JSON.stringify(scenarioOf({ name: 'mine', duration: 10_000 })))
    const args = ['--scenario', scenario, '--strategies', 'round-robin;bounded-load(rendezvous, 1.5)', '--seed', '4']
    const { code, stdout, stderr } = await run(...args, '--json', 'out/r.json', '--html', 'out/r.html')

    expect({ code, stderr: stderr.split('\n').length }).to.deep.equal({ code: 0, stderr: 3 })
    expect(stderr).to.match(/^mine \[1\/2\] round-robin \d+ wants in/)
    expect(stdout).to.match(/mine: A test\n\n\| strategy .*p99 ms/)
    expect(stdout).to.match(/\| bounded-load\(rendezvous, 1\.5\) +\| +\d/)
    expect(stdout).to.include(`plots: ${join(folder, 'out', 'r.html')}`)
    expect(await readFile(join(folder, 'out', 'r.html'), 'utf8')).to.include('bounded-load(rendezvous, 1.5)')

    const json = await readFile(join(folder, 'out', 'r.json'), 'utf8')
    const again = await run(...args, '--json', '-', '--no-html')
    expect(again.stdout).to.equal(json)
    expect(JSON.parse(json)[0].runs.map(({ strategy }: { strategy: string }) => strategy)).to.deep.equal(['round-robin', 'bounded-load(rendezvous, 1.5)'])
  })

  it('takes a scenario and a strategy from the user\'s files', async () => {
    await write('two-nodes.mjs', 'export const scenario = { name: "two", title: "Two nodes?", duration: 5000, members: [{ id: "a" }, { id: "b" }], clients: [{ id: "p", arrivals: { kind: "closed", open: 3 }, popularity: { kind: "new" } }] }')
    await write('last-first.mjs', 'export const strategy = () => { let members = []; return { update (m) { members = [...m].reverse() }, rank: () => members } }')
    const { code, stdout } = await run('--scenario', './two-nodes.mjs', '--strategies', './last-first.mjs;bounded-load(./last-first.mjs, 9)', '--no-html')
    expect(code).to.equal(0)
    expect(stdout).to.match(/\| last-first +\| +0\.0% \| +100\.0% \|/)
    expect(stdout).to.match(/\| bounded-load\(last-first, 9\) +\| +0\.0% \| +100\.0% \|/)
  })

  it('records a run, replays it, and takes it as a scenario', async () => {
    const scenario = await write('short.json', JSON.stringify(scenarioOf({ name: 'short', duration: 5000 })))
    expect((await run('--scenario', scenario, '--strategies', 'rendezvous', '--record', 'wants.ndjson', '--no-html')).code).to.equal(0)

    const same = await run('--scenario', 'wants.ndjson', '--replay', '--strategies', 'rendezvous')
    expect(same).to.include({ code: 0 })
    expect(same.stdout).to.match(/wants\.ndjson: \d+ records, and rendezvous decides the same/)

    const other = await run('--scenario', 'wants.ndjson', '--replay', '--strategies', 'round-robin')
    expect(other).to.include({ code: 1 })
    expect(other.stdout).to.match(/round-robin decides differently at record \d+\n {2}recorded: .*\n {2}replayed: /)

    expect((await run('--scenario', 'wants.ndjson', '--no-html')).stdout).to.include('| round-robin')
  })

  it('lists scenarios and describes parameters', async () => {
    const list = await run('--list')
    expect(list.stdout).to.match(/ {2}slow-node +One of four/)
    expect(list.stdout).to.include('  bounded-load(strategy, c=1.25, least=4)\n')
    expect(list.stdout).to.include('  modulo\n')

    const described = await run('--scenario', 'slow-node', '--describe')
    expect(described.stdout).to.include('members[1].workers = 16\n    blocks it works on at a time')
    expect((await run('--help')).stdout).to.match(/^kitsune-simulate --scenario NAME/)
  })

  it('exits with 2 and prints one line for a mistake of the user', async () => {
    const broken = await write('broken.json', '{ "name": "x" }')
    const empty = await write('empty.mjs', 'export const other = 1')
    const old = await write('old.ndjson', '{"at":0,"t":"start","seed":1,"randomSeed":1,"members":[{"id":"a"}],"limits":{}}\n')
    const cases: Array<[string[], RegExp]> = [
      [[], /^--scenario is missing: write all, or some of slow-node/],
      [['--scenario', 'nothing'], /there is no "nothing".*slow-node/],
      [['--scenario', './missing.json'], /missing\.json cannot be loaded/],
      [['--scenario', broken], /broken\.json: title: /],
      [['--scenario', empty], /empty\.mjs: it: /],
      [['--scenario', 'slow-node', '--strategies', 'quickest'], /there is no "quickest"/],
      [['--scenario', 'slow-node', '--strategies', empty], /empty\.mjs exports nothing called "strategy"/],
      [['--scenario', 'slow-node', '--record', 'r.ndjson'], /--record: there are \d+ runs/],
      [['--scenario', broken, '--replay', '--strategies', 'rendezvous'], /--replay: .*broken\.json: no record is of the kind undefined/],
      [['--scenario', old, '--replay', '--strategies', 'rendezvous'], /--replay: .*old\.ndjson: it was written in format 1, and this version of the router reads format 3: replay it with the version that wrote it/],
      [['--scenario', old], /old\.ndjson: it was written in format 1/],
      [['--scenario', 'x.ndjson', '--replay'], /--replay: name with --strategies the one/],
      [['--seed', 'x'], /--seed: "x" is not/],
      [['--faster'], /--faster/]
    ]

    for (const [args, message] of cases) {
      const { code, stderr, stdout } = await run(...args)
      expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }, args.join(' ')).to.deep.equal({ code: 2, stdout: '', lines: 1 })
      expect(stderr).to.match(message)
    }
  })
})
