/* eslint-disable no-console */
import { demo } from './demo.ts'
import { zoneAware } from './zone-aware.ts'
import type { Served } from './demo.ts'

const show = (served: Served): string => Object.entries(served).map(([id, count]) => `${id} ${count}`).join(', ')
const { calm, rush } = await demo(zoneAware('a'))

console.log(`20 blocks, one after another: ${show(calm)}`)
console.log(`200 blocks at once:           ${show(rush)}`)
