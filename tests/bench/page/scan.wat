;; How often a needle of ASCII letters, given in lower case, is in a text, whatever its case. Sixteen
;; places are looked at together: those where the needle's first and last byte stand are compared.
(module
  (memory (export "memory") 2)
  (func $equal (param $at i32) (param $needle i32) (param $length i32) (result i32)
    (local $index i32)
    (loop $next
      (if (i32.ge_u (local.get $index) (local.get $length)) (then (return (i32.const 1))))
      (if (i32.eq
            (i32.or (i32.load8_u (i32.add (local.get $at) (local.get $index))) (i32.const 32))
            (i32.load8_u (i32.add (local.get $needle) (local.get $index))))
        (then
          (local.set $index (i32.add (local.get $index) (i32.const 1)))
          (br $next))))
    (i32.const 0))
  ;; The text has to be followed by 16 + $length bytes that may be read.
  (func (export "count")
    (param $text i32) (param $bytes i32) (param $needle i32) (param $length i32) (result i32)
    (local $at i32) (local $end i32) (local $mask i32) (local $hits i32) (local $place i32)
    (local $first v128) (local $last v128) (local $case v128)
    (local.set $case (i8x16.splat (i32.const 32)))
    (local.set $first (i8x16.splat (i32.load8_u (local.get $needle))))
    (local.set $last (i8x16.splat
      (i32.load8_u (i32.sub (i32.add (local.get $needle) (local.get $length)) (i32.const 1)))))
    (local.set $at (local.get $text))
    (local.set $end (i32.sub (i32.add (local.get $text) (local.get $bytes)) (local.get $length)))
    (block $done
      (loop $block
        (br_if $done (i32.gt_s (local.get $at) (local.get $end)))
        (local.set $mask (i8x16.bitmask (v128.and
          (i8x16.eq (local.get $first) (v128.or (local.get $case) (v128.load (local.get $at))))
          (i8x16.eq (local.get $last) (v128.or (local.get $case) (v128.load
            (i32.sub (i32.add (local.get $at) (local.get $length)) (i32.const 1))))))))
        (loop $candidate
          (if (local.get $mask)
            (then
              (local.set $place (i32.add (local.get $at) (i32.ctz (local.get $mask))))
              (local.set $mask
                (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
              (if (i32.le_s (local.get $place) (local.get $end))
                (then (local.set $hits (i32.add (local.get $hits)
                  (call $equal (local.get $place) (local.get $needle) (local.get $length))))))
              (br $candidate))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $block)))
    (local.get $hits)))
