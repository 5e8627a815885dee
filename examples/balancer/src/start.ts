import { extname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { startBalancer } from './balancer.ts'
import { resolveConfig } from './config/config.ts'
import { collectSettings, oneLine } from './config/layers.ts'
import { readDemoCar } from './demo/car.ts'
import { startDemoNodes } from './demo/demo-nodes.ts'
import { ConfigError } from './errors.ts'
import { EXIT, finish, greet, main } from './main.ts'
import { processOptions, processSurroundings } from './surroundings.ts'
import { NAME } from './version.ts'
import type { Settings } from './config/layers.ts'
import type { Surroundings } from './main.ts'

const NODES = ['inari', 'zenko']

/**
 * `npm start`: the balancer as the command runs it, or, where no node is
 * configured, over an embedded default: two nodes in this process that hold a
 * small folder, and a balancer with a new identity on loopback.
 */
async function start (surroundings: Surroundings): Promise<number> {
  const settings = settingsOrNone(surroundings)

  // main has something to say about a mistake, too
  if (settings == null || [settings.downstream, settings.help, settings.version, settings.checkConfig, settings.preload].some(setting => setting != null)) {
    return main(surroundings, processOptions())
  }

  try {
    return await embedded(settings, surroundings)
  } catch (err) {
    surroundings.complain(`${NAME}: ${oneLine(err)}`)

    return err instanceof ConfigError ? EXIT.usage : EXIT.failed
  }
}

async function embedded (settings: Settings, surroundings: Surroundings): Promise<number> {
  const { print, readFile } = surroundings
  const dag = await readDemoCar()
  const nodes = await startDemoNodes(dag, NODES)

  try {
    const config = resolveConfig({
      listen: { origin: 'embedded', value: '/ip4/127.0.0.1/tcp/0' },
      admin: { origin: 'embedded', value: '127.0.0.1:0' },
      ...settings,
      downstream: { origin: 'embedded', value: nodes.addresses.map((address, i) => `${address};name=${NODES[i]}`) }
    }, readFile)
    const balancer = await startBalancer(config, {
      ...processOptions(),
      ...(settings.key == null ? { privateKey: await generateKeyPair('Ed25519') } : {})
    })

    greet(balancer, config, print)
    print('')
    print('It balances over two small nodes in this process. Fetch a picture through it, in another terminal:')
    print('')
    print(`  ${command('fetch')} ${balancer.addresses[0]} ${dag.root}/kitsune.png -o kitsune.png`)
    print('')
    print('Put it in front of your own nodes, named by the address of their RPC:')
    print('')
    print('  npm start -- -d /ip4/127.0.0.1/tcp/5001 -d http://other-node:5001')
    print('')
    print('Ctrl-C ends it.')

    return await finish(balancer, config, surroundings)
  } finally {
    await nodes.stop()
  }
}

function settingsOrNone (surroundings: Surroundings): Settings | undefined {
  try {
    return collectSettings(surroundings)
  } catch {
    return undefined
  }
}

/** How to run a sibling script with the node that runs this one. */
function command (script: string): string {
  const local = relative(process.cwd(), process.execPath)
  const path = fileURLToPath(new URL(`./${script}${extname(import.meta.url)}`, import.meta.url))

  // npm's node need not be the one on the user's PATH, which may be too old
  return `${process.execPath.includes('node_modules') ? local : 'node'} ${relative(process.cwd(), path)}`
}

process.exit(await start(processSurroundings()))
