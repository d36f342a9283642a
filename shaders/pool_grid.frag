// Draws the grid of a buffer pool from a PoolImage (gui/layout/pool_image.h): a texel a tile, a tile a square of pixels.
// State is told by shape as well as by colour where a tile has room for one: free dotted, dirty hatched, pinned with a
// square in its middle.
uniform usampler2D texels;  // RG32UI: free clean dirty pinned (shares of 255) | tint blend strength used
uniform int pitch;          // pixels of a tile, its gap included
uniform int by_state;
uniform vec3 ground;        // what lies between the tiles
uniform vec3 ink;           // strongest contrast to the ground
uniform vec3 tints[32];     // 0..3: free, clean, dirty, pinned
out vec4 colour;

uint byte_of(uint word, int index) { return (word >> (8 * index)) & 255u; }

void main() {
  ivec2 size = textureSize(texels, 0);
  int x = int(gl_FragCoord.x), y = size.y * pitch - 1 - int(gl_FragCoord.y);
  ivec2 tile = ivec2(x / pitch, y / pitch), inside = ivec2(x % pitch, y % pitch);
  colour = vec4(ground, 1.0);
  if (tile.x >= size.x || tile.y >= size.y) return;
  uvec2 texel = texelFetch(texels, tile, 0).xy;
  if (byte_of(texel.y, 3) == 0u) return;
  int gap = pitch >= 16 ? 2 : pitch >= 5 ? 1 : 0;
  int side = pitch - gap;
  if (inside.x >= side || inside.y >= side) return;

  float free = float(byte_of(texel.x, 0)) / 255.0, clean = float(byte_of(texel.x, 1)) / 255.0;
  float dirty = float(byte_of(texel.x, 2)) / 255.0, pinned = float(byte_of(texel.x, 3)) / 255.0;
  vec3 fill;
  if (by_state != 0) {
    float dirty_only = max(0.0, 1.0 - free - clean - pinned);
    fill = free * tints[0] + clean * tints[1] + dirty_only * tints[2] + pinned * tints[3];
  } else {
    uint tint = byte_of(texel.y, 0) & 31u;
    fill = mix(tints[tint], tints[min(tint + 1u, 31u)], float(byte_of(texel.y, 1)) / 255.0);
    fill = mix(tints[0], fill, 0.25 + 0.75 * float(byte_of(texel.y, 2)) / 255.0);
  }

  if (pitch >= 6) {
    float half_side = float(side) / 2.0;
    vec2 from_middle = abs(vec2(inside) + 0.5 - half_side);
    int step_px = max(3, int(float(side) / 3.0));
    if (free > 0.5 && inside.x % step_px == step_px / 2 && inside.y % step_px == step_px / 2)
      fill = mix(fill, ink, 0.45);
    if (dirty > 0.5 && (inside.x + inside.y) % step_px < max(1, step_px / 3)) fill = mix(fill, ground, 0.65);
    float reach = max(from_middle.x, from_middle.y);
    if (pinned > 0.5 && reach < half_side * 0.5) fill = reach < half_side * 0.34 ? ink : ground;
  }
  colour = vec4(fill, 1.0);
}
