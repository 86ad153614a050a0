// Data: the functions of WASI preview 1 and their types, which are all that a command may import.
import { signatureOf } from "./compile-module.ts";

export const WASI_MODULE = "wasi_snapshot_preview1";

/** Name and parameters: i = i32, I = i64. Each gives an error number, save the first. */
const FUNCTIONS = `
proc_exit i
args_get ii
args_sizes_get ii
environ_get ii
environ_sizes_get ii
clock_res_get ii
clock_time_get iIi
fd_advise iIIi
fd_allocate iII
fd_close i
fd_datasync i
fd_fdstat_get ii
fd_fdstat_set_flags ii
fd_fdstat_set_rights iII
fd_filestat_get ii
fd_filestat_set_size iI
fd_filestat_set_times iIIi
fd_pread iiiIi
fd_prestat_get ii
fd_prestat_dir_name iii
fd_pwrite iiiIi
fd_read iiii
fd_readdir iiiIi
fd_renumber ii
fd_seek iIii
fd_sync i
fd_tell ii
fd_write iiii
path_create_directory iii
path_filestat_get iiiii
path_filestat_set_times iiiiIIi
path_link iiiiiii
path_open iiiiiIIii
path_readlink iiiiii
path_remove_directory iii
path_rename iiiiii
path_symlink iiiii
path_unlink_file iii
poll_oneoff iiii
proc_raise i
sched_yield -
random_get ii
sock_accept iii
sock_recv iiiiii
sock_send iiiii
sock_shutdown ii
`;

const I32 = 0x7f;
const I64 = 0x7e;

export const WASI_FUNCTION_NAMES: readonly string[] = FUNCTIONS.trim()
  .split("\n")
  .map((line) => line.slice(0, line.indexOf(" ")));

/** Types of the allowed imports, by "module.name". */
export const WASI_IMPORTS: ReadonlyMap<string, string> = new Map(
  FUNCTIONS.trim()
    .split("\n")
    .map((line) => {
      const [name = "", letters = ""] = line.split(" ");
      const params = [...letters.replace("-", "")].map((letter) => (letter === "I" ? I64 : I32));
      const results = name === "proc_exit" ? [] : [I32];
      return [`${WASI_MODULE}.${name}`, signatureOf({ params, results })];
    }),
);
