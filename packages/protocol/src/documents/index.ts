export { asyncApiDocument } from './asyncapi.ts';
export { openApiDocument, type OpenApiOptions } from './openapi.ts';
export { Problem, problemType } from './problem.ts';
export type { Json } from './schema-components.ts';
