import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { print } from './print.ts'

// node --import profiler.js …: SIGUSR2 starts a CPU profile and the next ends
// it, so that it contains only the measurement, without the start and the warm-up.
// It is written to the file named by KITSUNE_BENCH_PROFILE.

const MICROSECONDS_A_SAMPLE = 250

const file = process.env.KITSUNE_BENCH_PROFILE ?? 'bench.cpuprofile'
const session = new Session()
let running = false

session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: MICROSECONDS_A_SAMPLE })

process.on('SIGUSR2', () => {
  void toggle()
})

async function toggle (): Promise<void> {
  running = !running

  if (running) {
    await session.post('Profiler.start')
    print('profile started')
  } else {
    const { profile } = await session.post('Profiler.stop')
    writeFileSync(file, JSON.stringify(profile))
    print('profile stopped')
  }
}
