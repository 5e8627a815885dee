/**
 * Blank lines, which aegir's rules leave open: around blocks of several lines, and before what a function returns.
 * `npx eslint --fix packages examples` adds those that are missing.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.resolve('aegir'))

export default [
  { ignores: ['**/dist/', 'packages/benchmarks/src/protons/'] },
  {
    files: ['{packages,examples}/*/{src,test}/**/*.ts'],
    languageOptions: { parser: require('@typescript-eslint/parser') },
    // what comments switch off are rules of aegir
    linterOptions: { noInlineConfig: true },
    rules: {
      'padding-line-between-statements': ['error',
        { blankLine: 'always', prev: '*', next: ['multiline-block-like', 'return'] },
        { blankLine: 'always', prev: 'multiline-block-like', next: '*' },
        // those that share what follows
        { blankLine: 'any', prev: ['case', 'default'], next: ['case', 'default'] }
      ]
    }
  }
]
