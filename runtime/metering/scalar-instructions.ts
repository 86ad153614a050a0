// Data: the scalar, control, reference and bulk instructions, one a line.
// `opcode name signature [immediate]`. Opcodes after the prefix 0xfc are written as 0x100 + n. The signature has one
// letter an operand (i = i32, I = i64, f = f32, F = f64, v = v128), a colon and the results; `special` instructions have
// a rule of their own. `memoryN` is a memory argument with natural alignment N.

export const SCALAR_INSTRUCTIONS = `
0 unreachable special
1 nop special
2 block special
3 loop special
4 if special
5 else special
b end special
c br special
d br_if special
e br_table special
f return special
10 call special
11 call_indirect special
12 return_call special
13 return_call_indirect special
1a drop special
1b select special
1c select_t special
20 local.get special
21 local.set special
22 local.tee special
23 global.get special
24 global.set special
25 table.get special
26 table.set special
28 i32.load i:i memory4
29 i64.load i:I memory8
2a f32.load i:f memory4
2b f64.load i:F memory8
2c i32.load8_s i:i memory1
2d i32.load8_u i:i memory1
2e i32.load16_s i:i memory2
2f i32.load16_u i:i memory2
30 i64.load8_s i:I memory1
31 i64.load8_u i:I memory1
32 i64.load16_s i:I memory2
33 i64.load16_u i:I memory2
34 i64.load32_s i:I memory4
35 i64.load32_u i:I memory4
36 i32.store ii: memory4
37 i64.store iI: memory8
38 f32.store if: memory4
39 f64.store iF: memory8
3a i32.store8 ii: memory1
3b i32.store16 ii: memory2
3c i64.store8 iI: memory1
3d i64.store16 iI: memory2
3e i64.store32 iI: memory4
3f memory.size special
40 memory.grow special
41 i32.const special
42 i64.const special
43 f32.const special
44 f64.const special
45 i32.eqz i:i
46 i32.eq ii:i
47 i32.ne ii:i
48 i32.lt_s ii:i
49 i32.lt_u ii:i
4a i32.gt_s ii:i
4b i32.gt_u ii:i
4c i32.le_s ii:i
4d i32.le_u ii:i
4e i32.ge_s ii:i
4f i32.ge_u ii:i
50 i64.eqz I:i
51 i64.eq II:i
52 i64.ne II:i
53 i64.lt_s II:i
54 i64.lt_u II:i
55 i64.gt_s II:i
56 i64.gt_u II:i
57 i64.le_s II:i
58 i64.le_u II:i
59 i64.ge_s II:i
5a i64.ge_u II:i
5b f32.eq ff:i
5c f32.ne ff:i
5d f32.lt ff:i
5e f32.gt ff:i
5f f32.le ff:i
60 f32.ge ff:i
61 f64.eq FF:i
62 f64.ne FF:i
63 f64.lt FF:i
64 f64.gt FF:i
65 f64.le FF:i
66 f64.ge FF:i
67 i32.clz i:i
68 i32.ctz i:i
69 i32.popcnt i:i
6a i32.add ii:i
6b i32.sub ii:i
6c i32.mul ii:i
6d i32.div_s ii:i
6e i32.div_u ii:i
6f i32.rem_s ii:i
70 i32.rem_u ii:i
71 i32.and ii:i
72 i32.or ii:i
73 i32.xor ii:i
74 i32.shl ii:i
75 i32.shr_s ii:i
76 i32.shr_u ii:i
77 i32.rotl ii:i
78 i32.rotr ii:i
79 i64.clz I:I
7a i64.ctz I:I
7b i64.popcnt I:I
7c i64.add II:I
7d i64.sub II:I
7e i64.mul II:I
7f i64.div_s II:I
80 i64.div_u II:I
81 i64.rem_s II:I
82 i64.rem_u II:I
83 i64.and II:I
84 i64.or II:I
85 i64.xor II:I
86 i64.shl II:I
87 i64.shr_s II:I
88 i64.shr_u II:I
89 i64.rotl II:I
8a i64.rotr II:I
8b f32.abs f:f
8c f32.neg f:f
8d f32.ceil f:f
8e f32.floor f:f
8f f32.trunc f:f
90 f32.nearest f:f
91 f32.sqrt f:f
92 f32.add ff:f
93 f32.sub ff:f
94 f32.mul ff:f
95 f32.div ff:f
96 f32.min ff:f
97 f32.max ff:f
98 f32.copysign ff:f
99 f64.abs F:F
9a f64.neg F:F
9b f64.ceil F:F
9c f64.floor F:F
9d f64.trunc F:F
9e f64.nearest F:F
9f f64.sqrt F:F
a0 f64.add FF:F
a1 f64.sub FF:F
a2 f64.mul FF:F
a3 f64.div FF:F
a4 f64.min FF:F
a5 f64.max FF:F
a6 f64.copysign FF:F
a7 i32.wrap_i64 I:i
a8 i32.trunc_f32_s f:i
a9 i32.trunc_f32_u f:i
aa i32.trunc_f64_s F:i
ab i32.trunc_f64_u F:i
ac i64.extend_i32_s i:I
ad i64.extend_i32_u i:I
ae i64.trunc_f32_s f:I
af i64.trunc_f32_u f:I
b0 i64.trunc_f64_s F:I
b1 i64.trunc_f64_u F:I
b2 f32.convert_i32_s i:f
b3 f32.convert_i32_u i:f
b4 f32.convert_i64_s I:f
b5 f32.convert_i64_u I:f
b6 f32.demote_f64 F:f
b7 f64.convert_i32_s i:F
b8 f64.convert_i32_u i:F
b9 f64.convert_i64_s I:F
ba f64.convert_i64_u I:F
bb f64.promote_f32 f:F
bc i32.reinterpret_f32 f:i
bd i64.reinterpret_f64 F:I
be f32.reinterpret_i32 i:f
bf f64.reinterpret_i64 I:F
c0 i32.extend8_s i:i
c1 i32.extend16_s i:i
c2 i64.extend8_s I:I
c3 i64.extend16_s I:I
c4 i64.extend32_s I:I
d0 ref.null special
d1 ref.is_null special
d2 ref.func special
100 i32.trunc_sat_f32_s f:i
101 i32.trunc_sat_f32_u f:i
102 i32.trunc_sat_f64_s F:i
103 i32.trunc_sat_f64_u F:i
104 i64.trunc_sat_f32_s f:I
105 i64.trunc_sat_f32_u f:I
106 i64.trunc_sat_f64_s F:I
107 i64.trunc_sat_f64_u F:I
108 memory.init special
109 data.drop special
10a memory.copy special
10b memory.fill special
10c table.init special
10d elem.drop special
10e table.copy special
10f table.grow special
110 table.size special
111 table.fill special
`;
