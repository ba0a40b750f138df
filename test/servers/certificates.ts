import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { generate } from 'selfsigned'

/** Texts in PEM. */
export interface Authority {
  readonly certificate: string
  readonly key: string
}
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

const days = (number: number) => new Date(Date.now() + number * 86_400_000)
const DATES = { notBeforeDate: days(-1), notAfterDate: days(30) }

export async function makeAuthority(name = 'Test authority'): Promise<Authority> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...DATES,
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
    ]
  })
  return { certificate: cert, key }
}

/** For `127.0.0.1` and `localhost`, as a server or a client. */
export async function makeCertificate(by: Authority, name = 'localhost'): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...DATES,
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: by.key, cert: by.certificate },
    extensions: [
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' }
        ]
      }
    ]
  })
  return { certificate: cert, key }
}

/** A folder with these files, removed after the test. Resolves names to paths. */
export function filesOf(t: TestContext, files: Readonly<Record<string, string>>): (name: string) => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-files-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const at = (name: string) => path.join(folder, name)
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text)
  return at
}
