import { readFileSync } from 'node:fs'
import { DEFAULT_STRATEGY } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { AGGREGATORS } from '../src/admin/combined-metrics.ts'
import { combinedView } from '../src/admin/combined-view.ts'
import { startBalancer } from '../src/balancer.ts'
import { DEFAULTS } from '../src/config/config.ts'
import { helpText } from '../src/config/help.ts'
import { OPTIONS } from '../src/config/options.ts'
import { redisSettings } from '../src/config/redis.ts'
import { loopbackConfig } from './support/demo.ts'
import { temporaryFolder } from './support/folder.ts'
import type { Option } from '../src/config/option.ts'

describe('documentation', () => {
  const path = temporaryFolder()
  const preloadPage = readFileSync(new URL('../../../docs/preload.md', import.meta.url), 'utf8')
  const page = readFileSync(new URL('../../../docs/operating-a-balancer.md', import.meta.url), 'utf8')

  it('has every option with its names', () => {
    for (const { flag, short, env, file } of Object.values<Option>(OPTIONS)) {
      const [row] = page.split('\n').filter(line => line.startsWith('| ') && line.includes(`\`--${flag}\``))

      expect(row, flag).to.be.a('string')

      for (const name of [short == null ? undefined : `-${short}`, env, file]) {
        expect(row).to.include(name == null ? '' : `\`${name}\``)
      }
    }
  })

  it('has every limit with its default', () => {
    const row = (flag: string): string => page.split('\n').find(line => line.startsWith(`| \`--${flag}\``)) ?? ''
    const { limits } = DEFAULTS
    const shown: Record<string, number | string> = {
      'max-connections': limits.maxConnections,
      'max-new-connections': limits.maxNewConnections,
      'max-wants': limits.wantsPerClient,
      'want-lifetime': limits.wantLifetime / 1000,
      'max-unsent': `${limits.unsent / 2 ** 20}MiB`,
      'max-in-flight': `${limits.inFlight / 2 ** 20}MiB`,
      'max-node-wants': limits.wantsPerMember,
      'max-client-preload': `${limits.preload.bytesPerClientAndHour / 2 ** 30}GiB`,
      'max-preload': `${limits.preload.bytesPerHour / 2 ** 40}TiB`,
      'eject-after': limits.ejectAfter,
      ejection: limits.ejection / 1000
    }

    for (const [flag, value] of Object.entries(shown)) {
      expect(row(flag).split('|')[4].trim(), flag).to.equal(String(value))
      expect(helpText().replaceAll(/\s+/g, ' '), flag).to.match(new RegExp(`--${flag} <[^>]*> [^<]*\\(default ${value}\\)`))
    }
  })

  it('has a unit file that runs the command from where the page installs it', () => {
    const prefix = /npm install --prefix (\S+)/.exec(page)?.[1]
    const { bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

    expect(/^ExecStart=(\S+)/m.exec(page)?.[1]).to.equal(`${prefix}/node_modules/.bin/${Object.keys(bin)[0]}`)
  })

  it('has the default strategy, which is the router\'s', () => {
    expect(DEFAULTS.strategy).to.equal(DEFAULT_STRATEGY)
    expect(page).to.include(`| \`strategy\` | \`${DEFAULT_STRATEGY}\` |`)
    expect(OPTIONS.strategy.help.join(' ')).to.include(`(default ${DEFAULT_STRATEGY})`)
  })

  it('has every metric, and no others', async () => {
    const balancer = await startBalancer(loopbackConfig(['/ip4/127.0.0.1/tcp/1'], { key: path('key'), haveMap: 'blocks' }))

    try {
      const text = await (await fetch(`${balancer.adminUrl}/metrics`)).text()
      const names = new Set([...text.matchAll(/^# HELP (kitsune_\w+)/mg)].map(([, name]) => name))
      const documented = new Set([...page.matchAll(/`(kitsune_\w+)`/g)].map(([, name]) => name))

      expect([...documented]).to.have.members([...names])
    } finally {
      await balancer.stop()
    }
  })

  it('has every metric of several workers that is not the sum of theirs', async () => {
    const workers = readFileSync(new URL('../../../docs/workers.md', import.meta.url), 'utf8')
    const view = combinedView({ workers: { listening: [], deaths: 0 }, count: 2, onDraining () {} })
    const own = (await (await view.metrics()).getMetricsAsJSON()).map(({ name }) => name)
    const documented = new Set([...workers.matchAll(/`(kitsune_\w+)`/g)].map(([, name]) => name))

    expect([...documented]).to.have.members([...own, ...Object.keys(AGGREGATORS)])
  })

  it('has every metric of preload, and no others', async () => {
    const preload = { host: '127.0.0.1', port: 0 }
    // no Redis listens there; the balancer does not wait for one
    const redis = redisSettings({ preload: { origin: '-p', value: '0' }, redis: { origin: '--redis', value: 'redis://127.0.0.1:1' } })
    const balancer = await startBalancer(loopbackConfig(['/ip4/127.0.0.1/tcp/1'], { key: path('key'), preload, ...redis }))

    try {
      const text = await (await fetch(`${balancer.adminUrl}/metrics`)).text()
      const names = new Set([...text.matchAll(/^# HELP (kitsune_preload_\w+)/mg)].map(([, name]) => name))
      const documented = new Set([...preloadPage.matchAll(/`(kitsune_\w+)(?:\{\w+\})?`/g)].map(([, name]) => name))

      expect([...documented]).to.have.members([...names])
    } finally {
      await balancer.stop()
    }
  })
})
