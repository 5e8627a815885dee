import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

let bundled: Promise<string> | undefined

/** The Worker as one script, as wrangler bundles it. */
export async function bundleWorker (): Promise<string> {
  bundled ??= bundle()

  return bundled
}

async function bundle (): Promise<string> {
  const { outputFiles: [{ text }] } = await build({
    // works from src and from dist/src
    entryPoints: [fileURLToPath(new URL(`../worker/worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser', 'import'],
    external: ['node:*'],
    target: 'es2024',
    write: false,
    logLevel: 'silent'
  })

  return text
}
