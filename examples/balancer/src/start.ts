import { mkdir } from 'node:fs/promises'
import { dirname, extname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { startBalancer } from './balancer.ts'
import { resolveConfig } from './config/config.ts'
import { collectSettings } from './config/layers.ts'
import { readDemoCar } from './demo/car.ts'
import { startDemoNodes } from './demo/demo-nodes.ts'
import { announcementOf, createProgramLog, greet, main, reportFailure, runUntilStopped } from './main.ts'
import { createProcessContext, processOptions } from './process-context.ts'
import type { Balancer } from './balancer.ts'
import type { Settings } from './config/layers.ts'
import type { ProcessContext } from './process-context.ts'

const NODES = ['inari', 'zenko']

/** Git ignores this file, so that a clone stays clean. */
const KEY = '.kitsune/key'

/**
 * Runs `npm start`: the balancer as the command runs it, with its key in the
 * clone's `.kitsune`. If no node is configured, it runs an embedded default: two
 * nodes in this process that hold a small folder, and a balancer with a new
 * identity on loopback.
 */
async function start (context: ProcessContext): Promise<number> {
  const settings = settingsOrNone(context)

  // main reports mistakes in the configuration too
  if (settings == null || [settings.downstream, settings.help, settings.version, settings.checkConfig, settings.probe, settings.preload, settings.workers].some(setting => setting != null)) {
    return main(context, {
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
    return await embedded(settings, context)
  } catch (err) {
    return reportFailure(err, settings, context)
  }
}

async function embedded (settings: Settings, context: ProcessContext): Promise<number> {
  const { print, readFile } = context
  const dag = await readDemoCar()
  const nodes = await startDemoNodes(dag, NODES)

  try {
    const config = resolveConfig({
      listen: { origin: 'embedded', value: '/ip4/127.0.0.1/tcp/0' },
      admin: { origin: 'embedded', value: '127.0.0.1:0' },
      http: { origin: 'embedded', value: 'http://127.0.0.1:0' },
      ...settings,
      downstream: { origin: 'embedded', value: nodes.addresses.map((address, i) => `${address};name=${NODES[i]}`) }
    }, readFile)
    const log = createProgramLog(config, context)

    return await runUntilStopped(async () => {
      const balancer = await startBalancer(config, {
        ...processOptions(),
        log,
        ...(settings.key == null ? { privateKey: await generateKeyPair('Ed25519') } : {})
      })

      greet(announcementOf(balancer), config, print)
      invite(balancer, `${dag.root}`, print)

      return balancer
    }, config, context, log)
  } finally {
    await nodes.stop()
  }
}

function invite ({ addresses, httpUrls: [http] }: Balancer, root: string, print: ProcessContext['print']): void {
  print('')
  print('The balancer runs in front of two small nodes in this process. Fetch a picture through it, in another terminal:')
  print('')
  print(`  ${command('fetch')} ${addresses[0]} ${root}/kitsune.png -o kitsune.png`)
  print('')
  print('or all of it over HTTP, as a CAR whose blocks can be verified:')
  print('')
  print(`  curl -o kitsune.car '${http}/ipfs/${root}?format=car'`)
  print('')
  print('Put it in front of your own nodes, by the addresses of their RPC:')
  print('')
  print('  npm start -- -d /ip4/127.0.0.1/tcp/5001 -d http://other-node:5001')
  print('')
  print('Press Ctrl-C to stop.')
}

function settingsOrNone (context: ProcessContext): Settings | undefined {
  try {
    return collectSettings(context)
  } catch {
    return undefined
  }
}

/** The command that runs a sibling script with the Node that runs this one. */
function command (script: string): string {
  const local = relative(process.cwd(), process.execPath)
  const path = fileURLToPath(new URL(`./${script}${extname(import.meta.url)}`, import.meta.url))

  // npm's Node may differ from the one on the user's PATH, which may be too old
  return `${process.execPath.includes('node_modules') ? local : 'node'} ${relative(process.cwd(), path)}`
}

process.exit(await start(createProcessContext()))
