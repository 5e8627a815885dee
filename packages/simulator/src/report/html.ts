import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parameters } from '../scenario/parameters.ts'
import { Charts } from './charts.ts'
import { Page } from './page.ts'
import { columns, runName } from './table.ts'
import type { PageData } from './page-data.ts'
import type { ScenarioResult } from '../metrics/result.ts'

const require = createRequire(import.meta.url)

/**
 * The report: one file that contains its scripts and data, so that it opens from disk
 * and needs no network.
 *
 * @param results - of one command
 * @param command - the command that makes this report again
 */
export function toHtml (results: readonly ScenarioResult[], command: string): string {
  const data: PageData = {
    command,
    scenarios: results.map(({ scenario, runs }) => {
      const shown = columns(runs)

      return {
        name: scenario.name,
        title: scenario.title,
        about: scenario.about,
        members: runs[0].members.map(({ id }) => id),
        columns: shown.map(({ title, about }) => ({ title, about })),
        parameters: parameters(scenario),
        runs: runs.map(run => ({
          name: runName(run),
          cells: shown.map(({ of }) => of(run) ?? '–'),
          curve: run.latency.curve,
          series: run.series
        }))
      }
    })
  }

  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(results.map(({ scenario }) => scenario.name).join(', '))} – Kitsune simulator</title>
<style>${asset('uplot/dist/uPlot.min.css')}${STYLE}</style>
</head>
<body>
<script type="application/json" id="data">${inScript(JSON.stringify(data))}</script>
<script>${inScript(asset('uplot/dist/uPlot.iife.min.js'))}</script>
<script>new (${inScript(Page.toString())})(JSON.parse(document.getElementById('data').textContent), new (${inScript(Charts.toString())})(uPlot)).show()</script>
</body>
</html>
`
}

function asset (path: string): string {
  return readFileSync(require.resolve(path), 'utf8')
}

/** Keeps text from ending the script that it is in. The backslash has no effect in JSON and in strings of JavaScript. */
function inScript (text: string): string {
  return text.replaceAll('</', '<\\/')
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

const STYLE = `
:root { --back: #fff; --text: #1c1e21; --quiet: #5b6067; --line: #d9dce0; --grid: #e8eaed; --chip: #f3f4f6 }
@media (prefers-color-scheme: dark) { :root { --back: #16181b; --text: #e6e7e9; --quiet: #a2a8b0; --line: #3a3f45; --grid: #2a2e33; --chip: #22262a } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem; max-width: 82rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.3rem; margin: 0 }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.25rem; line-height: 1.3 }
h2 small { display: block; font: 0.85rem ui-monospace, monospace; color: var(--quiet) }
h3 { font-size: 0.95rem; margin: 0 0 0.25rem }
section > h3 { margin-top: 1.25rem }
p { max-width: 60rem; margin: 0.25rem 0 0.75rem }
.quiet, .plot p { color: var(--quiet); font-size: 0.85rem }
code { font: 0.9em ui-monospace, monospace; background: var(--chip); padding: 0.1em 0.35em; border-radius: 4px }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; margin: 0.5rem 0 1rem }
th, td { padding: 0.25rem 0.5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th { color: var(--quiet); font-weight: 600; cursor: help; white-space: normal; vertical-align: bottom }
th:first-child, td:first-child { text-align: left }
.chips { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: 0.35rem; padding: 0.5rem 0; background: var(--back) }
.chip { display: inline-flex; align-items: center; gap: 0.4rem; padding: 0.15rem 0.6rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--chip); color: inherit; font: inherit; font-size: 0.85rem; cursor: pointer }
.chip[aria-pressed=false] { opacity: 0.4 }
.swatch { width: 1.6rem; height: 0; border-top: 3px solid }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)); gap: 1.25rem 1.5rem }
.plots.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)) }
.plot { min-width: 0 }
.plot p { margin: 0 0 0.25rem }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; font-size: 0.8rem; margin: 0 0 0.75rem }
.legend span { display: inline-flex; align-items: center; gap: 0.35rem }
details { margin: 1rem 0 }
summary { cursor: pointer; color: var(--quiet) }
details td { white-space: normal; text-align: left; vertical-align: top }
details th { text-align: left }
.u-legend { display: none }
`
