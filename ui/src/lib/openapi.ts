// The OpenAPI document of this server, put into the order in which people read it. Pure: no server is asked here.

export interface Schema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema | boolean
  prefixItems?: Schema[]
  additionalProperties?: Schema | boolean
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

type Content = Record<string, { schema?: Schema }>

interface DescribedOperation {
  summary: string
  tags: string[]
  security: Record<string, string[]>[]
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { description: string; content?: Content }>
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, DescribedOperation>>
  components: { schemas: Record<string, Schema> }
}

export interface Body {
  kind: string
  shape: string
}

export interface Operation {
  id: string
  method: string
  path: string
  summary: string
  open: boolean
  permissions: string[]
  parameters: { name: string; place: string; shape: string; required: boolean; description: string }[]
  bodies: Body[]
  answers: { status: string; description: string; refused: boolean; bodies: Body[] }[]
  curl: string
}

export interface Group {
  name: string
  operations: Operation[]
}

const DEEPEST = 5
const JSON_KIND = 'application/json'

/** All operations by resource, in the order of the document. */
export function groupsOf(document: OpenApiDocument, host: string): Group[] {
  const groups = new Map<string, Operation[]>()
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const name = described.tags[0] ?? ''
      groups.set(name, [...(groups.get(name) ?? []), operationOf(document, host, method.toUpperCase(), path, described)])
    }
  }
  return [...groups].map(([name, operations]) => ({ name, operations }))
}

/** The groups with those operations that have all words of `wanted` in their method, path or summary. */
export function matching(groups: Group[], wanted: string): Group[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  return groups
    .map(({ name, operations }) => ({
      name,
      operations: operations.filter((one) => {
        const text = `${one.method} ${one.path} ${one.summary}`.toLowerCase()
        return words.every((word) => text.includes(word))
      }),
    }))
    .filter((group) => group.operations.length > 0)
}

function operationOf(document: OpenApiDocument, host: string, method: string, path: string, described: DescribedOperation): Operation {
  const bodies = bodiesOf(document, described.requestBody?.content)
  const open = described.security.length === 0
  return {
    id: `${method} ${path}`,
    method,
    path,
    summary: described.summary,
    open,
    permissions: [...new Set(described.security.flatMap((each) => Object.values(each).flat()))],
    parameters: (described.parameters ?? []).map((one) => ({
      name: one.name,
      place: one.in,
      shape: shapeOf(document, one.schema),
      required: one.required === true,
      description: one.schema.description ?? '',
    })),
    bodies,
    answers: Object.entries(described.responses).map(([status, answer]) => ({
      status,
      description: answer.description,
      refused: Number(status) >= 400,
      bodies: bodiesOf(document, answer.content),
    })),
    curl: curlOf(host, method, path, open, bodies[0]?.kind),
  }
}

function bodiesOf(document: OpenApiDocument, content: Content = {}): Body[] {
  return Object.entries(content).map(([kind, { schema }]) => ({ kind, shape: schema ? shapeOf(document, schema) : '' }))
}

/** A line for the terminal; what has to be put in is in capitals. */
function curlOf(host: string, method: string, path: string, open: boolean, kind: string | undefined): string {
  const words = ['curl']
  if (method !== 'GET') words.push('-X', method)
  if (!open) words.push('-H', '"X-Api-Key: KEY"')
  if (kind === JSON_KIND) words.push('-H', `"Content-Type: ${kind}"`, '-d', "'{…}'")
  if (kind === 'multipart/form-data') words.push('-F', 'file=@FILE')
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
  return [...words, `"${host}${filled}"`].join(' ')
}

/** A schema in the words of TypeScript, in several lines where it is an object. */
export function shapeOf(document: OpenApiDocument, schema: Schema, indent = ''): string {
  if (indent.length / 2 > DEEPEST) return '…'
  if (schema.$ref) return shapeOf(document, document.components.schemas[schema.$ref.split('/').pop() ?? ''] ?? {}, indent)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  const choice = schema.anyOf ?? schema.oneOf
  if (choice) return [...new Set(choice.map((one) => shapeOf(document, one, indent)))].join(' | ')
  if (schema.allOf) return schema.allOf.map((one) => shapeOf(document, one, indent)).join(' & ')
  if (schema.type === 'array') return listOf(document, schema, indent)
  if (schema.properties && Object.keys(schema.properties).length > 0) return objectOf(document, schema, indent)
  if (schema.type === 'object') return namedOf(document, schema, indent)
  return [schema.type ?? 'any'].flat().join(' | ')
}

function listOf(document: OpenApiDocument, schema: Schema, indent: string): string {
  if (schema.prefixItems) return `[${schema.prefixItems.map((one) => shapeOf(document, one, indent)).join(', ')}]`
  const item = typeof schema.items === 'object' ? shapeOf(document, schema.items, indent) : 'any'
  return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`
}

function objectOf(document: OpenApiDocument, schema: Schema, indent: string): string {
  const inner = `${indent}  `
  const required = new Set(schema.required)
  const lines = Object.entries(schema.properties ?? {}).map(([name, one]) => {
    const description = one.description ?? one.anyOf?.find((each) => each.description)?.description
    const said = description ? `  // ${description.replace(/\s+/g, ' ')}` : ''
    return `${inner}${name}${required.has(name) ? '' : '?'}: ${shapeOf(document, one, inner)}${said}`
  })
  return `{\n${lines.join('\n')}\n${indent}}`
}

function namedOf(document: OpenApiDocument, schema: Schema, indent: string): string {
  const value = typeof schema.additionalProperties === 'object' ? shapeOf(document, schema.additionalProperties, indent) : 'any'
  return `{ [name]: ${value} }`
}
