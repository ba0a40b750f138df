import { WeirError } from '../errors.ts'

/** Asks the admin server of a running Weir. Throws `ADMIN_UNREACHABLE`. */
export async function askAdmin(admin: string, path: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, admin), init)
  } catch (error) {
    throw new WeirError(
      'ADMIN_UNREACHABLE',
      `cannot reach a running Weir at ${admin}; is it running? --admin says where`,
      { cause: error }
    )
  }
}
