import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { seededBuffer } from '../../src/dag.ts'
import { needChromium, needKubo } from '../../src/needs.ts'
import { removeFolder, startProcess, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { startChromium } from '../support/chromium.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import { sha256 } from '../support/sha256.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Browser, Page } from '../support/chromium.ts'

/** Three blocks and the one that links to them. */
const file = seededBuffer(3_000_000, 'browser-preload')
const NAME = 'a file.bin'
const SAFE = "document.querySelector('#status').textContent.startsWith('All 4 blocks are safe')"

describe('the example browser-preload in Chromium', function () {
  this.timeout(120_000)

  let binary: string
  let kubo: Kubo
  let browser: Browser
  let url: string
  let path: string
  const peers = stack(() => binary)

  before(async function () {
    const chromium = needChromium(this, 'the example browser-preload')
    binary = needKubo(this, 'the example browser-preload')
    const node = await startPreloadNode(peers)
    kubo = node.kubo
    const { balancer } = node
    const example = startProcess(process.execPath, [
      fileURLToPath(new URL('./main.js', import.meta.resolve('kitsune-browser-preload'))),
      '--preload', balancer.preload, '--address', balancer.ws, '--port', '0'
    ])
    peers.onStop(async () => example.stop())
    url = /http:\S+/.exec(await example.line(line => line.startsWith('Open ')))?.[0] ?? ''
    const folder = temporaryFolder('browser-preload')
    path = join(folder, NAME)
    writeFileSync(path, file)
    browser = await startChromium(chromium)
    peers.onStop(async () => {
      await browser.stop()
      removeFolder(folder)
    })
  })

  after(async () => {
    await peers.stop()
  })

  const linkOf = async (page: Page): Promise<string> => page.evaluate<string>("document.querySelector('#link').href")

  it('stores a file that is dropped into it, and another page reads it when the first has closed', async () => {
    const page = await browser.open(url)
    await page.drop(path, '.drop')
    await page.until(SAFE)
    const link = await linkOf(page)
    await page.close()

    expect(sha256(await (await kubo.call('cat', [/#([^/]+)/.exec(link)?.[1] ?? ''], { offline: 'true' })).bytes())).to.equal(sha256(file))

    const other = await browser.open(link)
    await other.until("document.querySelector('#link').download !== ''")
    const saved = await other.evaluate<{ name: string, sha256: string }>(`(async ({ download, href }) => {
      const digest = await crypto.subtle.digest('SHA-256', await (await fetch(href)).arrayBuffer())
      return { name: download, sha256: Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('') }
    })(document.querySelector('#link'))`)
    expect(saved).to.deep.equal({ name: NAME, sha256: sha256(file) })
    await other.close()
  })

  it('can be used by keyboard only', async () => {
    const page = await browser.open(url)
    await page.chooseNext(path)
    await page.press('Tab')
    expect(await page.evaluate('document.activeElement.id')).to.equal('file')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).to.equal('solid')
    await page.press('Enter')
    await page.until(SAFE)
    await page.press('Tab')
    expect(await page.evaluate('document.activeElement.id')).to.equal('link')
    await page.close()
  })

  it('says what went wrong, and tries again when it is told to', async () => {
    const page = await browser.open(url)
    await page.evaluate('{ globalThis.fetchOfPage = fetch; globalThis.fetch = async () => { throw new Error("no connection") } }')
    await page.drop(path, '.drop')
    await page.until("!document.querySelector('#again').hidden")
    expect(await page.evaluate("document.querySelector('#status').textContent")).to.match(/^No preload node has got all of .*no connection/)

    await page.evaluate('{ globalThis.fetch = fetchOfPage; document.querySelector("#file").focus() }')
    await page.press('Tab')
    expect(await page.evaluate('document.activeElement.id')).to.equal('again')
    await page.press('Enter')
    await page.until(SAFE)
    await page.close()
  })

  it('is readable in light and dark mode', async () => {
    const page = await browser.open(url)
    const paper: string[] = []

    for (const scheme of ['light', 'dark'] as const) {
      await page.prefer(scheme)
      paper.push(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'))
      // the contrast that WCAG requires of text
      expect(await page.evaluate<number>(LEAST_CONTRAST), scheme).to.be.at.least(4.5)
    }

    expect(paper[0]).not.to.equal(paper[1])
    await page.close()
  })
})

/** The least contrast between a text of the page and its background. */
const LEAST_CONTRAST = `(() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(Number).map(value => value / 255).map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const paper = light(getComputedStyle(document.documentElement).backgroundColor)
  const contrasts = [...document.querySelectorAll('h1, p, span, a')].map(element => light(getComputedStyle(element).color))
    .map(ink => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05))
  return Math.min(...contrasts)
})()`
