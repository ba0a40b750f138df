import { hash } from 'node:crypto'

/** SHA-256 of a request's bytes, worked out when somebody asks: a client that sends a request again sends the same. */
export function requestHash(body: Uint8Array): () => string {
  return () => hash('sha256', body, 'base64url')
}
