import { readFileSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { startBalancer } from '../src/balancer.ts'
import { OPTIONS } from '../src/config/options.ts'
import { loopbackConfig } from './support/demo.ts'
import { temporaryFolder } from './support/folder.ts'
import type { Option } from '../src/config/options.ts'

describe('documentation', () => {
  const path = temporaryFolder()
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

  it('has every metric, and none that is not there', async () => {
    const balancer = await startBalancer(loopbackConfig(['/ip4/127.0.0.1/tcp/1'], { key: path('key') }))

    try {
      const text = await (await fetch(`${balancer.adminUrl}/metrics`)).text()
      const names = new Set([...text.matchAll(/^# HELP (kitsune_\w+)/mg)].map(([, name]) => name))
      const documented = new Set([...page.matchAll(/`(kitsune_\w+)`/g)].map(([, name]) => name))

      expect([...documented]).to.have.members([...names])
    } finally {
      await balancer.stop()
    }
  })
})
