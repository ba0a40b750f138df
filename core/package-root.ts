import { findPackageJSON } from 'node:module'
import path from 'node:path'

/** The folder that has package.json and `web/`: the checkout, or above `dist/` in an installed package. */
export const PACKAGE_ROOT = path.dirname(findPackageJSON(import.meta.url)!)
