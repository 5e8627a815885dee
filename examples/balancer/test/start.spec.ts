import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { drawPicture } from '../src/demo/picture.ts'
import { until } from './support/demo.ts'
import { temporaryFolder } from './support/folder.ts'
import { killPrograms, startProgram } from './support/program.ts'

describe('npm start', function () {
  this.timeout(60_000)

  const path = temporaryFolder()

  afterEach(() => {
    killPrograms()
  })

  it('serves the demonstration with a command to paste, writes no file, and ends on Ctrl-C', async () => {
    const program = startProgram('start', [], { cwd: path() })
    const command = (await program.line(/fetch\.js/)).trim().split(' ')
    const script = command.findIndex(word => word.endsWith('fetch.js'))

    expect(await program.line(/peer id/)).to.match(/12D3Koo/)
    expect(await program.line(/ipfs swarm peering add/)).to.match(/ \/ip4\/[\d.]+\/tcp\/\d+\/p2p\/12D3Koo/)
    expect(await program.line(/admin/)).to.match(/http:\/\/127\.0\.0\.1:\d+/)
    const url = /'(http:.*)'/.exec(await program.line(/curl/))?.[1] ?? ''
    await program.line(/npm start -- -d/)
    // the balancer takes a moment to connect to the nodes
    await until(async () => (await fetch(url, { method: 'HEAD' })).status === 200)
    const car = await fetch(url)
    expect((await car.bytes()).byteLength).to.be.above(1_037_423)

    const fetched = await startProgram('fetch', command.slice(script + 1), { cwd: path() }).ended
    const picture = drawPicture()

    expect(fetched.code).to.equal(0)
    expect(fetched.stderr).to.match(/^kitsune\.png: 1037423 bytes in \d+ ms, sha256 [\da-f]{64}, written to kitsune\.png\n$/)
    expect(fetched.stderr).to.include(createHash('sha256').update(picture).digest('hex'))
    expect(readFileSync(path('kitsune.png')).equals(Buffer.from(picture))).to.be.true()

    program.signal('SIGINT')
    const { code, stderr } = await program.ended

    expect(code).to.equal(0)
    expect(stderr).to.match(/info {2}SIGINT: finishing transfers/)
    expect(readdirSync(path())).to.deep.equal(['kitsune.png'])
  })

  it('fetches a whole folder, and one file to stdout', async () => {
    const program = startProgram('start', [], { cwd: path() })
    const [address, file] = (await program.line(/fetch\.js/)).trim().split(' ').slice(-4)
    const root = file.split('/')[0]

    const folder = await startProgram('fetch', [address, root], { cwd: path() }).ended
    expect(folder).to.include({ code: 0, stdout: '' })
    expect(folder.stderr).to.match(/^README\.txt: .*\nkitsune\.png: .*\n$/)

    const text = await startProgram('fetch', [address, `${root}/README.txt`, '-o', '-'], { cwd: path() }).ended
    expect(text.code).to.equal(0)
    expect(text.stdout).to.match(/^A kitsune is a fox/)

    const missing = await startProgram('fetch', [address, `${root}/none`], { cwd: path() }).ended
    expect(missing.code).to.equal(1)
    expect(missing.stderr).to.match(/^fetch: there is no "none" in .*\n$/)

    program.signal('SIGTERM')
    expect((await program.ended).code).to.equal(0)
  })

  it('keeps its key where git ignores it', async () => {
    const argv = ['-d', '/ip4/127.0.0.1/tcp/1', '-l', '/ip4/127.0.0.1/tcp/0', '--admin', '127.0.0.1:0']
    const program = startProgram('start', argv, { cwd: path() })
    await program.line(/peer id/)
    program.signal('SIGTERM')
    expect((await program.ended).code).to.equal(0)

    const [folder] = readdirSync(path())
    expect(readdirSync(path())).to.deep.equal([folder])
    expect(readdirSync(path(folder))).to.deep.equal(['key'])
    expect(statSync(path(folder)).mode & 0o777).to.equal(0o700)
    const ignored = readFileSync(new URL('../../../.gitignore', import.meta.url), 'utf8').split('\n')
    expect(ignored).to.include(folder)

    // -k names another file
    const named = startProgram('start', [...argv, '-k', 'mine'], { cwd: path() })
    await named.line(/peer id/)
    named.signal('SIGTERM')
    await named.ended
    expect(readdirSync(path()).sort()).to.deep.equal([folder, 'mine'])
  })

  it('runs the balancer itself if nodes are configured or the configuration is invalid', async () => {
    const checked = await startProgram('start', ['-d', '/ip4/10.0.0.1/tcp/5001', '--check-config'], { cwd: path() }).ended
    expect(checked.code).to.equal(0)
    expect(JSON.parse(checked.stdout)).to.have.nested.property('downstream[0].address', '/ip4/10.0.0.1/tcp/5001')

    const wrong = await startProgram('start', ['--prot'], { cwd: path() }).ended
    expect(wrong).to.include({ code: 2, stdout: '' })

    const alsoWrong = await startProgram('start', ['-l', 'here'], { cwd: path() }).ended
    expect(alsoWrong).to.include({ code: 2, stdout: '' })
  })
})
