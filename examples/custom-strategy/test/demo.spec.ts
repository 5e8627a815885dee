import { describe, expect, it } from 'vitest'
import { demo } from '../src/demo.ts'
import { zoneAware } from '../src/zone-aware.ts'

describe('two nodes behind a zone-aware router', () => {
  it('serves from its own zone, and also from the other during a rush', async () => {
    const { calm, rush } = await demo(zoneAware('a'))

    expect(calm).toEqual({ 'node-a': 20, 'node-b': 0 })
    expect(rush['node-a'] + rush['node-b']).toBe(200)
    expect(rush['node-b']).toBeGreaterThan(0)
    expect(rush['node-a']).toBeGreaterThan(rush['node-b'])
  })

  it('prefers the zone that it is given', async () => {
    const { calm } = await demo(zoneAware('b'))

    expect(calm).toEqual({ 'node-a': 0, 'node-b': 20 })
  })
}, 20_000)
