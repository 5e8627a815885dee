import { removeFolder, startProcess, temporaryFolder } from '../../src/processes.ts'
import { poll } from '../../src/until.ts'
import { connectDevTools } from './devtools.ts'
import type { DevTools } from './devtools.ts'

/** A Chromium whose pages a test uses as a user does. */
export interface Browser {
  /** Resolves when the page has loaded, and its scripts have run. */
  open (url: string): Promise<Page>
  stop (): Promise<void>
}

/** A page of it. */
export interface Page {
  /** The value of an expression, which is awaited. */
  evaluate <Result> (expression: string): Promise<Result>
  /** Waits until an expression is true. */
  until (expression: string, timeout?: number): Promise<void>
  /** A key that is pressed and let go, as DevTools names it: `Tab`, `Enter`. */
  press (key: 'Tab' | 'Enter'): Promise<void>
  /** Drops a file into the middle of an element. */
  drop (path: string, selector: string): Promise<void>
  /** Gives a file to the next file dialog that opens. */
  chooseNext (path: string): Promise<void>
  prefer (scheme: 'light' | 'dark'): Promise<void>
  close (): Promise<void>
}

const KEYS = {
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' }
} as const

export async function startChromium (binary: string): Promise<Browser> {
  const profile = temporaryFolder('chromium')
  const running = startProcess(binary, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'])
  const url = (): string | undefined => running.output.map(line => /DevTools listening on (ws:\S+)/.exec(line)?.[1]).find(url => url != null)
  await poll(() => url() != null, 'Chromium to start', { timeout: 20_000 })
  const tools = await connectDevTools(url() ?? '')

  return {
    open: async url => openPage(tools, url),
    async stop () {
      tools.close()
      await running.stop()
      removeFolder(profile)
    }
  }
}

async function openPage (tools: DevTools, url: string): Promise<Page> {
  const { targetId } = await tools.call<{ targetId: string }>('Target.createTarget', { url })
  const { sessionId } = await tools.call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const call = async <Result> (method: string, params: object = {}): Promise<Result> => tools.call<Result>(method, params, sessionId)
  await Promise.all([call('Page.enable'), call('DOM.enable'), call('Runtime.enable')])

  async function evaluate <Result> (expression: string): Promise<Result> {
    const { result, exceptionDetails } = await call<{ result: { value: Result }, exceptionDetails?: { text: string, exception?: { description?: string } } }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true })

    if (exceptionDetails != null) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    }

    return result.value
  }

  const until: Page['until'] = async (expression, timeout = 20_000) => poll(async () => evaluate<boolean>(`Boolean(${expression})`), expression, { timeout })
  await until(`location.href === ${JSON.stringify(url)} && document.readyState === 'complete'`)

  return {
    evaluate,
    until,
    async press (key) {
      await call('Input.dispatchKeyEvent', { type: 'keyDown', ...KEYS[key] })
      await call('Input.dispatchKeyEvent', { type: 'keyUp', ...KEYS[key] })
    },
    async drop (path, selector) {
      const [x, y] = await evaluate<[number, number]>(`(({ x, y, width, height }) => [x + width / 2, y + height / 2])(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`)

      for (const type of ['dragEnter', 'dragOver', 'drop']) {
        await call('Input.dispatchDragEvent', { type, x, y, data: { items: [], files: [path], dragOperationsMask: 1 } })
      }
    },
    async chooseNext (path) {
      await call('Page.setInterceptFileChooserDialog', { enabled: true })
      tools.once<{ backendNodeId: number }>('Page.fileChooserOpened', sessionId, ({ backendNodeId }) => {
        void call('DOM.setFileInputFiles', { files: [path], backendNodeId })
      })
    },
    async prefer (scheme) {
      await call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })
    },
    async close () {
      await tools.call('Target.closeTarget', { targetId })
    }
  }
}
