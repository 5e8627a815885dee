import { writeFile } from 'node:fs/promises'
import { encodeCar } from './car.ts'
import { buildDemoDag } from './dag.ts'

/**
 * Creates the CAR that ships with the balancer: `node src/demo/make-car.ts`. It
 * writes the same bytes each time.
 */
const dag = buildDemoDag()
await writeFile('assets/kitsune.car', await encodeCar(dag))
console.log(`${dag.root}: ${dag.blocks.length} blocks in assets/kitsune.car`) // eslint-disable-line no-console
