import { describe, expect, it } from 'vitest'
import { groupsOf, matching, shapeOf, type OpenApiDocument } from '../src/lib/openapi'

const DOCUMENT: OpenApiDocument = {
  components: { schemas: { Volume: { type: 'object', properties: { width: { type: 'number', description: 'mm' } }, required: ['width'] } } },
  paths: {
    '/api/job': {
      get: { summary: 'The job', tags: ['job'], security: [{ key: ['STATUS'] }, { bearer: ['STATUS'] }], responses: { 200: { description: 'Done.' } } },
    },
    '/api/files/{path}': {
      post: {
        summary: 'Act',
        tags: ['files'],
        security: [{ key: [] }],
        parameters: [{ name: 'path', in: 'path', required: true, schema: { type: 'string' } }],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Volume' } } } },
        responses: { 204: { description: 'Done.' }, 404: { description: 'No file.' } },
      },
    },
    '/online.txt': { get: { summary: 'Lives', tags: ['page'], security: [], responses: { 200: { description: 'Done.' } } } },
  },
}

const groups = groupsOf(DOCUMENT, 'http://host')
const [job, files, page] = groups.map((group) => group.operations[0])

describe('the routes of the document', () => {
  it('are grouped by resource', () => {
    expect(groups.map((group) => group.name)).toEqual(['job', 'files', 'page'])
  })

  it('say who may use them', () => {
    expect([job?.permissions, job?.open]).toEqual([['STATUS'], false])
    expect([files?.permissions, files?.open]).toEqual([[], false])
    expect(page?.open).toBe(true)
  })

  it('come with a line for the terminal that has a place for the key', () => {
    expect(job?.curl).toBe('curl -H "X-Api-Key: KEY" "http://host/api/job"')
    expect(files?.curl).toBe('curl -X POST -H "X-Api-Key: KEY" -H "Content-Type: application/json" -d \'{…}\' "http://host/api/files/PATH"')
    expect(page?.curl).toBe('curl "http://host/online.txt"')
  })

  it('tell refusals from answers', () => {
    expect(files?.answers.map((answer) => [answer.status, answer.refused])).toEqual([['204', false], ['404', true]])
  })

  it('are found by the words of their path and summary', () => {
    expect(matching(groups, 'POST act').map((group) => group.name)).toEqual(['files'])
    expect(matching(groups, 'nothing')).toEqual([])
    expect(matching(groups, ' ')).toEqual(groups)
  })
})

describe('a shape', () => {
  const shape = (schema: object) => shapeOf(DOCUMENT, schema)

  it('is written as people read types', () => {
    expect(shape({ $ref: '#/components/schemas/Volume' })).toBe('{\n  width: number  // mm\n}')
    expect(shape({ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } })).toBe('(string | null)[]')
    expect(shape({ type: 'object', additionalProperties: { type: 'number' } })).toBe('{ [name]: number }')
    expect(shape({ enum: ['a', 'b'] })).toBe('"a" | "b"')
    expect(shape({})).toBe('any')
  })

  it('ends where it holds itself', () => {
    const loop: OpenApiDocument = { paths: {}, components: { schemas: { Node: { properties: { next: { $ref: '#/components/schemas/Node' } } } } } }
    expect(shapeOf(loop, { $ref: '#/components/schemas/Node' })).toContain('…')
  })
})
