;; Counts lines, words and bytes like wc: the request's body on standard input, `lines words bytes` on standard output.
;; A WASI preview 1 command that imports two functions.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  ;; 0: one iovec (address, length); 8: the number of bytes moved; 64: the text to write, from its end;
  ;; 1024: 63 KiB of input.
  (memory (export "memory") 1 1)
  (global $end (mut i32) (i32.const 128))

  ;; Puts one byte before what is written so far.
  (func $prepend (param $byte i32)
    (global.set $end (i32.sub (global.get $end) (i32.const 1)))
    (i32.store8 (global.get $end) (local.get $byte)))

  ;; Puts a number's decimal digits before what is written so far.
  (func $prepend_number (param $number i64)
    (loop $digit
      (call $prepend (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $number) (i64.const 0)))))

  ;; Space, tab, line feed, vertical tab, form feed, carriage return.
  (func $is_space (param $byte i32) (result i32)
    (i32.or
      (i32.eq (local.get $byte) (i32.const 32))
      (i32.lt_u (i32.sub (local.get $byte) (i32.const 9)) (i32.const 5))))

  (func (export "_start")
    (local $lines i64) (local $words i64) (local $bytes i64)
    (local $at i32) (local $limit i32) (local $byte i32) (local $space i32) (local $in_word i32)
    (block $done
      (loop $more
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (i32.const 64512))
        (br_if $done (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (local.set $limit (i32.load (i32.const 8)))
        (br_if $done (i32.eqz (local.get $limit)))
        (local.set $bytes (i64.add (local.get $bytes) (i64.extend_i32_u (local.get $limit))))
        (local.set $limit (i32.add (local.get $limit) (i32.const 1024)))
        (local.set $at (i32.const 1024))
        (loop $next
          (local.set $byte (i32.load8_u (local.get $at)))
          (local.set $lines
            (i64.add (local.get $lines) (i64.extend_i32_u (i32.eq (local.get $byte) (i32.const 10)))))
          (local.set $space (call $is_space (local.get $byte)))
          ;; A word begins where no space follows a space.
          (local.set $words
            (i64.add
              (local.get $words)
              (i64.extend_i32_u (i32.and (i32.eqz (local.get $space)) (i32.eqz (local.get $in_word))))))
          (local.set $in_word (i32.eqz (local.get $space)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $at) (local.get $limit))))
        (br $more)))
    (call $prepend (i32.const 10))
    (call $prepend_number (local.get $bytes))
    (call $prepend (i32.const 32))
    (call $prepend_number (local.get $words))
    (call $prepend (i32.const 32))
    (call $prepend_number (local.get $lines))
    (i32.store (i32.const 0) (global.get $end))
    (i32.store (i32.const 4) (i32.sub (i32.const 128) (global.get $end)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
