import { OPTIONS } from './options.ts'
import type { Option } from './option.ts'

/** The text behind `--help`. */
export function helpText (): string {
  const lines = [
    'Usage: kitsune-balancer -d <address> [options]',
    '',
    'One libp2p identity in front of many IPFS nodes.',
    ''
  ]

  for (const option of Object.values<Option>(OPTIONS)) {
    const names = `${option.short == null ? '    ' : `-${option.short}, `}--${option.flag}`
    const head = `  ${names}${option.value == null ? '' : ` <${option.value}>`}`

    option.help.forEach((line, i) => {
      lines.push(`${(i === 0 ? head : '').padEnd(36)} ${line}`)
    })
  }

  return [
    ...lines,
    '',
    'Repeat a flag to give several addresses, or separate them by commas. Flags take',
    'precedence over environment variables (KITSUNE_DOWNSTREAM, KITSUNE_LISTEN, ...),',
    'which take precedence over the file. A size is a number of bytes, or 64MiB, 1GiB,',
    '500KiB. DEBUG=libp2p:* logs the messages of libp2p.'
  ].join('\n')
}
