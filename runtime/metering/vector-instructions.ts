// Data: the 128-bit vector instructions, one a line, in the form of the scalar ones. Opcodes after the prefix 0xfd are
// written as 0x200 + n. `laneN` is a lane number below N, `shuffle` sixteen of them.

export const VECTOR_INSTRUCTIONS = `
200 v128.load i:v memory16
201 v128.load8x8_s i:v memory8
202 v128.load8x8_u i:v memory8
203 v128.load16x4_s i:v memory8
204 v128.load16x4_u i:v memory8
205 v128.load32x2_s i:v memory8
206 v128.load32x2_u i:v memory8
207 v128.load8_splat i:v memory1
208 v128.load16_splat i:v memory2
209 v128.load32_splat i:v memory4
20a v128.load64_splat i:v memory8
20b v128.store iv: memory16
20c v128.const special
20d i8x16.shuffle vv:v shuffle
20e i8x16.swizzle vv:v
20f i8x16.splat i:v
210 i16x8.splat i:v
211 i32x4.splat i:v
212 i64x2.splat I:v
213 f32x4.splat f:v
214 f64x2.splat F:v
215 i8x16.extract_lane_s v:i lane16
216 i8x16.extract_lane_u v:i lane16
217 i8x16.replace_lane vi:v lane16
218 i16x8.extract_lane_s v:i lane8
219 i16x8.extract_lane_u v:i lane8
21a i16x8.replace_lane vi:v lane8
21b i32x4.extract_lane v:i lane4
21c i32x4.replace_lane vi:v lane4
21d i64x2.extract_lane v:I lane2
21e i64x2.replace_lane vI:v lane2
21f f32x4.extract_lane v:f lane4
220 f32x4.replace_lane vf:v lane4
221 f64x2.extract_lane v:F lane2
222 f64x2.replace_lane vF:v lane2
223 i8x16.eq vv:v
224 i8x16.ne vv:v
225 i8x16.lt_s vv:v
226 i8x16.lt_u vv:v
227 i8x16.gt_s vv:v
228 i8x16.gt_u vv:v
229 i8x16.le_s vv:v
22a i8x16.le_u vv:v
22b i8x16.ge_s vv:v
22c i8x16.ge_u vv:v
22d i16x8.eq vv:v
22e i16x8.ne vv:v
22f i16x8.lt_s vv:v
230 i16x8.lt_u vv:v
231 i16x8.gt_s vv:v
232 i16x8.gt_u vv:v
233 i16x8.le_s vv:v
234 i16x8.le_u vv:v
235 i16x8.ge_s vv:v
236 i16x8.ge_u vv:v
237 i32x4.eq vv:v
238 i32x4.ne vv:v
239 i32x4.lt_s vv:v
23a i32x4.lt_u vv:v
23b i32x4.gt_s vv:v
23c i32x4.gt_u vv:v
23d i32x4.le_s vv:v
23e i32x4.le_u vv:v
23f i32x4.ge_s vv:v
240 i32x4.ge_u vv:v
241 f32x4.eq vv:v
242 f32x4.ne vv:v
243 f32x4.lt vv:v
244 f32x4.gt vv:v
245 f32x4.le vv:v
246 f32x4.ge vv:v
247 f64x2.eq vv:v
248 f64x2.ne vv:v
249 f64x2.lt vv:v
24a f64x2.gt vv:v
24b f64x2.le vv:v
24c f64x2.ge vv:v
24d v128.not v:v
24e v128.and vv:v
24f v128.andnot vv:v
250 v128.or vv:v
251 v128.xor vv:v
252 v128.bitselect vvv:v
253 v128.any_true v:i
254 v128.load8_lane iv:v memory1 lane16
255 v128.load16_lane iv:v memory2 lane8
256 v128.load32_lane iv:v memory4 lane4
257 v128.load64_lane iv:v memory8 lane2
258 v128.store8_lane iv: memory1 lane16
259 v128.store16_lane iv: memory2 lane8
25a v128.store32_lane iv: memory4 lane4
25b v128.store64_lane iv: memory8 lane2
25c v128.load32_zero i:v memory4
25d v128.load64_zero i:v memory8
25e f32x4.demote_f64x2_zero v:v
25f f64x2.promote_low_f32x4 v:v
260 i8x16.abs v:v
261 i8x16.neg v:v
262 i8x16.popcnt v:v
263 i8x16.all_true v:i
264 i8x16.bitmask v:i
265 i8x16.narrow_i16x8_s vv:v
266 i8x16.narrow_i16x8_u vv:v
267 f32x4.ceil v:v
268 f32x4.floor v:v
269 f32x4.trunc v:v
26a f32x4.nearest v:v
26b i8x16.shl vi:v
26c i8x16.shr_s vi:v
26d i8x16.shr_u vi:v
26e i8x16.add vv:v
26f i8x16.add_sat_s vv:v
270 i8x16.add_sat_u vv:v
271 i8x16.sub vv:v
272 i8x16.sub_sat_s vv:v
273 i8x16.sub_sat_u vv:v
274 f64x2.ceil v:v
275 f64x2.floor v:v
276 i8x16.min_s vv:v
277 i8x16.min_u vv:v
278 i8x16.max_s vv:v
279 i8x16.max_u vv:v
27a f64x2.trunc v:v
27b i8x16.avgr_u vv:v
27c i16x8.extadd_pairwise_i8x16_s v:v
27d i16x8.extadd_pairwise_i8x16_u v:v
27e i32x4.extadd_pairwise_i16x8_s v:v
27f i32x4.extadd_pairwise_i16x8_u v:v
280 i16x8.abs v:v
281 i16x8.neg v:v
282 i16x8.q15mulr_sat_s vv:v
283 i16x8.all_true v:i
284 i16x8.bitmask v:i
285 i16x8.narrow_i32x4_s vv:v
286 i16x8.narrow_i32x4_u vv:v
287 i16x8.extend_low_i8x16_s v:v
288 i16x8.extend_high_i8x16_s v:v
289 i16x8.extend_low_i8x16_u v:v
28a i16x8.extend_high_i8x16_u v:v
28b i16x8.shl vi:v
28c i16x8.shr_s vi:v
28d i16x8.shr_u vi:v
28e i16x8.add vv:v
28f i16x8.add_sat_s vv:v
290 i16x8.add_sat_u vv:v
291 i16x8.sub vv:v
292 i16x8.sub_sat_s vv:v
293 i16x8.sub_sat_u vv:v
294 f64x2.nearest v:v
295 i16x8.mul vv:v
296 i16x8.min_s vv:v
297 i16x8.min_u vv:v
298 i16x8.max_s vv:v
299 i16x8.max_u vv:v
29b i16x8.avgr_u vv:v
29c i16x8.extmul_low_i8x16_s vv:v
29d i16x8.extmul_high_i8x16_s vv:v
29e i16x8.extmul_low_i8x16_u vv:v
29f i16x8.extmul_high_i8x16_u vv:v
2a0 i32x4.abs v:v
2a1 i32x4.neg v:v
2a3 i32x4.all_true v:i
2a4 i32x4.bitmask v:i
2a7 i32x4.extend_low_i16x8_s v:v
2a8 i32x4.extend_high_i16x8_s v:v
2a9 i32x4.extend_low_i16x8_u v:v
2aa i32x4.extend_high_i16x8_u v:v
2ab i32x4.shl vi:v
2ac i32x4.shr_s vi:v
2ad i32x4.shr_u vi:v
2ae i32x4.add vv:v
2b1 i32x4.sub vv:v
2b5 i32x4.mul vv:v
2b6 i32x4.min_s vv:v
2b7 i32x4.min_u vv:v
2b8 i32x4.max_s vv:v
2b9 i32x4.max_u vv:v
2ba i32x4.dot_i16x8_s vv:v
2bc i32x4.extmul_low_i16x8_s vv:v
2bd i32x4.extmul_high_i16x8_s vv:v
2be i32x4.extmul_low_i16x8_u vv:v
2bf i32x4.extmul_high_i16x8_u vv:v
2c0 i64x2.abs v:v
2c1 i64x2.neg v:v
2c3 i64x2.all_true v:i
2c4 i64x2.bitmask v:i
2c7 i64x2.extend_low_i32x4_s v:v
2c8 i64x2.extend_high_i32x4_s v:v
2c9 i64x2.extend_low_i32x4_u v:v
2ca i64x2.extend_high_i32x4_u v:v
2cb i64x2.shl vi:v
2cc i64x2.shr_s vi:v
2cd i64x2.shr_u vi:v
2ce i64x2.add vv:v
2d1 i64x2.sub vv:v
2d5 i64x2.mul vv:v
2d6 i64x2.eq vv:v
2d7 i64x2.ne vv:v
2d8 i64x2.lt_s vv:v
2d9 i64x2.gt_s vv:v
2da i64x2.le_s vv:v
2db i64x2.ge_s vv:v
2dc i64x2.extmul_low_i32x4_s vv:v
2dd i64x2.extmul_high_i32x4_s vv:v
2de i64x2.extmul_low_i32x4_u vv:v
2df i64x2.extmul_high_i32x4_u vv:v
2e0 f32x4.abs v:v
2e1 f32x4.neg v:v
2e3 f32x4.sqrt v:v
2e4 f32x4.add vv:v
2e5 f32x4.sub vv:v
2e6 f32x4.mul vv:v
2e7 f32x4.div vv:v
2e8 f32x4.min vv:v
2e9 f32x4.max vv:v
2ea f32x4.pmin vv:v
2eb f32x4.pmax vv:v
2ec f64x2.abs v:v
2ed f64x2.neg v:v
2ef f64x2.sqrt v:v
2f0 f64x2.add vv:v
2f1 f64x2.sub vv:v
2f2 f64x2.mul vv:v
2f3 f64x2.div vv:v
2f4 f64x2.min vv:v
2f5 f64x2.max vv:v
2f6 f64x2.pmin vv:v
2f7 f64x2.pmax vv:v
2f8 i32x4.trunc_sat_f32x4_s v:v
2f9 i32x4.trunc_sat_f32x4_u v:v
2fa f32x4.convert_i32x4_s v:v
2fb f32x4.convert_i32x4_u v:v
2fc i32x4.trunc_sat_f64x2_s_zero v:v
2fd i32x4.trunc_sat_f64x2_u_zero v:v
2fe f64x2.convert_low_i32x4_s v:v
2ff f64x2.convert_low_i32x4_u v:v
`;
