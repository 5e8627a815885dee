import { mkdir } from 'node:fs/promises'
import { dirname, extname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { startBalancer } from './balancer.ts'
import { resolveConfig } from './config/config.ts'
import { collectSettings } from './config/layers.ts'
import { readDemoCar } from './demo/car.ts'
import { startDemoNodes } from './demo/demo-nodes.ts'
import { failed, greet, main, programLog, untilStopped } from './main.ts'
import { processOptions, processSurroundings } from './process-context.ts'
import type { Settings } from './config/layers.ts'
import type { Surroundings } from './main.ts'

const NODES = ['inari', 'zenko']

/** Ignored by git, so that a clone stays clean. */
const KEY = '.kitsune/key'

/**
 * `npm start`: the balancer as the command runs it, with its key in the clone's
 * `.kitsune`; or, where no node is configured, over an embedded default: two nodes
 * in this process that hold a small folder, and a balancer with a new identity on
 * loopback.
 */
async function start (surroundings: Surroundings): Promise<number> {
  const settings = settingsOrNone(surroundings)

  // main has something to say about a mistake, too
  if (settings == null || [settings.downstream, settings.help, settings.version, settings.checkConfig, settings.probe, settings.preload].some(setting => setting != null)) {
    return main(surroundings, {
      ...processOptions(),
      key: KEY,
      async prepare ({ key }) {
        if (key === KEY) {
          await mkdir(dirname(resolve(KEY)), { recursive: true, mode: 0o700 })
        }
      }
    })
  }

  try {
    return await embedded(settings, surroundings)
  } catch (err) {
    return failed(err, settings, surroundings)
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
    const log = programLog(config, surroundings)

    return await untilStopped(async () => {
      const balancer = await startBalancer(config, {
        ...processOptions(),
        log,
        ...(settings.key == null ? { privateKey: await generateKeyPair('Ed25519') } : {})
      })

      greet(balancer, config, print)
      invite(`${balancer.addresses[0]} ${dag.root}/kitsune.png`, print)

      return balancer
    }, config, surroundings, log)
  } finally {
    await nodes.stop()
  }
}

function invite (picture: string, print: Surroundings['print']): void {
  print('')
  print('It balances over two small nodes in this process. Fetch a picture through it, in another terminal:')
  print('')
  print(`  ${command('fetch')} ${picture} -o kitsune.png`)
  print('')
  print('Put it in front of your own nodes, named by the address of their RPC:')
  print('')
  print('  npm start -- -d /ip4/127.0.0.1/tcp/5001 -d http://other-node:5001')
  print('')
  print('Ctrl-C ends it.')
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
