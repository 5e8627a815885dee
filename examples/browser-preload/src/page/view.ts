/** A link that the page offers when it is done. */
export interface Offer {
  readonly href: string
  readonly text: string
  /** Saves the file under this name instead of opening it on another page. */
  readonly download?: string
}

/** Shows the state of the page. */
export interface View {
  show (section: 'leave' | 'read'): void
  /** Calls the listener with each file that is dropped or chosen. */
  onFile (listener: (file: File) => void): void
  busy (status: string): void
  done (status: string, offer: Offer): void
  failed (status: string, again: () => void): void
}

/** Creates the view of the elements of the page, which must exist already. */
export function createView (document: Document): View {
  const status = element('status')
  const progress = element('progress')
  const again = element('again')
  const link = element('link') as HTMLAnchorElement
  const input = element('file') as HTMLInputElement
  let retry = (): void => {}
  /** Set while a file is stored or read: there is one at a time. The input is not disabled, since it would lose the focus. */
  let isBusy = false

  function element (id: string): HTMLElement {
    const found = document.getElementById(id)

    if (found == null) {
      throw new Error(`the page has no element ${id}`)
    }

    return found
  }

  function display (text: string, { busy = false, failed = false, offer }: { busy?: boolean, failed?: boolean, offer?: Offer } = {}): void {
    isBusy = busy
    status.textContent = text
    progress.hidden = !busy
    again.hidden = !failed
    link.hidden = offer == null
    link.href = offer?.href ?? ''
    link.textContent = offer?.text ?? ''
    link.download = offer?.download ?? ''
    link.target = offer == null || offer.download != null ? '' : '_blank'

    if (link.download === '') {
      // even if the attribute is empty, the browser would save the target
      link.removeAttribute('download')
    }
  }

  again.addEventListener('click', () => { retry() })

  return {
    show (section) {
      element('leave').hidden = section !== 'leave'
      element('read').hidden = section !== 'read'
      display('')
    },

    onFile (listener) {
      const take = (files: FileList | null | undefined): void => {
        const [file] = files ?? []

        if (file != null && !isBusy) {
          listener(file)
        }
      }

      input.addEventListener('change', () => {
        take(input.files)
        // so that the same file can be chosen again
        input.value = ''
      })
      onDrop(document, take)
    },

    busy (text) { display(text, { busy: true }) },
    done (text, offer) { display(text, { offer }) },

    failed (text, act) {
      retry = act
      display(text, { failed: true })
    }
  }
}

/** Lets users drop files anywhere on the page. */
function onDrop (document: Document, listener: (files: FileList | undefined) => void): void {
  const { classList } = document.documentElement
  document.addEventListener('dragover', event => {
    event.preventDefault()
    classList.add('over')
  })
  document.addEventListener('dragleave', () => { classList.remove('over') })
  document.addEventListener('drop', event => {
    event.preventDefault()
    classList.remove('over')
    listener(event.dataTransfer?.files)
  })
}
