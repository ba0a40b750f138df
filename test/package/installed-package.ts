import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { type Finished, ROOT, Sandbox, Weir } from '../e2e/weir-process.ts'

const NPM_INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1']
const NO_NETWORK = /^npm error code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT)$/m
/** Not copied: what git, npm and a build leave in a checkout. */
const LEFT_OUT = ['.git', 'data', 'dist', 'node_modules']
/** The version that is packed, and the versions of Node it allows. */
export const { version: VERSION, engines: ENGINES } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const TSC = path.join(ROOT, 'node_modules/.bin/tsc')

/** npm has to fetch something and cannot. */
export class RegistryUnreachable extends Error {}

/** The npm package, packed from a copy of this checkout and installed in a folder that was empty. */
export class InstalledPackage {
  readonly folder: string
  #sandbox: Sandbox

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
    this.folder = sandbox.path('app')
  }

  static async install(t: TestContext): Promise<InstalledPackage> {
    const sandbox = await Sandbox.open(t)
    const checkout = sandbox.path('checkout')
    // A copy, so that the build does not meet that of another test or of a developer.
    await cp(ROOT, checkout, {
      recursive: true,
      filter: source => !LEFT_OUT.includes(path.relative(ROOT, source))
    })
    await symlink(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'))
    succeeded(await sandbox.run('npm', ['pack', '--pack-destination', sandbox.folder], checkout))
    const installed = new InstalledPackage(sandbox)
    await mkdir(installed.folder)
    await installed.#npmInstall(installed.folder, `../weir-${VERSION}.tgz`)
    return installed
  }

  /** A path in a folder beside the one of the package, with no node_modules in or above it. */
  outside(...parts: string[]): string {
    return this.#sandbox.path('outside', ...parts)
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  /** Writes files, with the folders they are in. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(this.path(file)), { recursive: true })
      await writeFile(this.path(file), text)
    }
  }

  async compile(project: string): Promise<Finished> {
    return this.#sandbox.run(TSC, ['--project', project], this.folder)
  }

  /** Packs a folder that is compiled, and installs the tarball. */
  async installPackageOf(folder: string, tarball: string): Promise<void> {
    succeeded(await this.#sandbox.run('npm', ['pack', `./${folder}`, '--ignore-scripts'], this.folder))
    await this.#npmInstall(this.folder, `./${tarball}`)
  }

  /** Runs a program in the folder, with `node` found in `nodeFolder` first. */
  async run(nodeFolder: string, program: string, ...args: string[]): Promise<Finished> {
    // With this variable Node takes a `node --test` for one within a test, and runs nothing.
    const unset = ['-u', 'NODE_TEST_CONTEXT']
    return this.#sandbox.run('env', [...unset, `PATH=${pathWith(nodeFolder)}`, program, ...args], this.folder)
  }

  /** Starts `weir run`; not by npx, which leaves it behind when it is ended itself. */
  async start(t: TestContext, nodeFolder: string, configFile: string): Promise<Weir> {
    const env = { ...process.env, PATH: pathWith(nodeFolder) }
    const child = spawn(this.path('node_modules/.bin/weir'), ['run', '--config', configFile], { cwd: this.folder, env })
    t.after(() => child.kill('SIGKILL'))
    const weir = new Weir(child)
    await weir.ready()
    return weir
  }

  /** Installs a Node beside the package. Resolves to the folder of `node`. */
  async installNode(version: number): Promise<string> {
    const folder = this.#sandbox.path(`node-${version}`)
    await mkdir(folder)
    // Its install script brings the binary.
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ allowScripts: { node: true } }))
    await this.#npmInstall(folder, `node@${version}`)
    return path.join(folder, 'node_modules/node/bin')
  }

  async #npmInstall(folder: string, what: string): Promise<void> {
    const finished = await this.#sandbox.run('npm', [...NPM_INSTALL, what], folder)
    if (NO_NETWORK.test(finished.stderr)) throw new RegistryUnreachable(finished.stderr)
    succeeded(finished)
  }
}

/** Asserts that a program ended well, and returns what it printed. */
export function succeeded({ code, stdout, stderr }: Finished): string {
  assert.equal(code, 0, `${stdout}\n${stderr}`)
  return stdout
}

const pathWith = (folder: string) => `${folder}${path.delimiter}${process.env.PATH}`
