import { linkTo, parseLink } from './link.ts'
import { startNode } from './node.ts'
import { createView } from './view.ts'
import type { LeftFile } from './link.ts'
import type { PageNode } from './node.ts'
import type { PreloadAddress } from './preload-address.ts'

const view = createView(document)
const node: Promise<PageNode> = fetch('/preload-node.json').then(async response => startNode(await response.json() as PreloadAddress))

async function leave (file: File): Promise<void> {
  const { add, leave } = await node
  view.busy(`Adding ${file.name}…`)
  const cid = await add(file)
  view.busy(`Leaving ${file.name}…`)
  const { total, node: at } = await leave(cid, safe => { view.busy(`${blocks(safe)} safe so far.`) })
  view.done(`${total === 1 ? 'The only block is' : `All ${total} blocks are`} safe at ${at}. You may close this page.`, {
    href: linkTo({ cid, name: file.name }),
    text: `Read ${file.name} on another page`
  })
}

async function read ({ cid, name }: LeftFile): Promise<void> {
  const { read } = await node
  view.busy(`Reading ${name}…`)
  const content = await read(cid)
  view.done(`Read ${content.size} bytes.`, { href: URL.createObjectURL(content), text: `Save ${name}`, download: name })
}

function blocks (count: number): string {
  return count === 1 ? '1 block is' : `${count} blocks are`
}

/** Runs a step. If it fails, shows the error and a button that tries again. */
async function attempt (act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (err) {
    view.failed(err instanceof Error ? err.message : String(err), () => { void attempt(act) })
  }
}

function begin (): void {
  const left = parseLink(location.hash)
  view.show(left == null ? 'leave' : 'read')

  if (left != null) {
    void attempt(async () => read(left))
  }
}

view.onFile(file => { void attempt(async () => leave(file)) })
addEventListener('hashchange', begin)
begin()
