import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A program of this folder as one script for workerd, without anything of Node's. */
export async function bundleWorker (file: string, { minify = false } = {}): Promise<string> {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    minify,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser', 'import'],
    target: 'es2024',
    write: false,
    logLevel: 'silent'
  })

  return text
}
