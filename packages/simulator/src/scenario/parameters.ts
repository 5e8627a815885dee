import { z } from 'zod'
import { scenarioSchema } from './schema.ts'
import type { FullScenario } from './schema.ts'

/** One parameter of a scenario and its value. */
export interface Parameter {
  /** Its place in the scenario, as `members[0].service`. */
  readonly name: string
  readonly value: string
  /** What it means, with its unit. */
  readonly about: string
}

/** The parts of the schema's description that are read. */
interface Described {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Described>>
  readonly items?: Described
  readonly oneOf?: readonly Described[]
  readonly const?: unknown
}

const described = z.toJSONSchema(scenarioSchema, { io: 'output', unrepresentable: 'any' }) as Described

/** Every parameter of a scenario, defaults included, in the order of the schema. */
export function parameters (scenario: FullScenario): Parameter[] {
  return list('', scenario, described)
}

function list (name: string, value: unknown, schema: Described | undefined): Parameter[] {
  const about = schema?.description ?? ''

  if (Array.isArray(value) && value.length > 0 && value.every(item => typeof item === 'object')) {
    return value.flatMap((item, i) => list(`${name}[${i}]`, item, schema?.items))
  }

  const object = schema?.oneOf == null ? schema : variant(value, schema.oneOf)

  if (typeof value === 'object' && value != null && object?.properties != null) {
    const { properties } = object

    return Object.entries(value).flatMap(([key, inner]) => list(name === '' ? key : `${name}.${key}`, inner, properties[key]))
  }

  return value === undefined ? [] : [{ name, value: text(value), about }]
}

/** Which of several forms a value has, according to its `kind`. */
function variant (value: unknown, forms: readonly Described[]): Described | undefined {
  return forms.find(({ properties }) => properties?.kind?.const === (value as { kind?: unknown }).kind)
}

function text (value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
