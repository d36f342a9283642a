// Draws the block map from a MapImage (gui/layout/map_image.h): `texels` holds one texel a column of a row, `lines` says
// which row each line of pixels belongs to. State is told by pattern as well as by colour: headers dark, live filled,
// rounding faint, free hatched, tail dotted, plain malloc cross-hatched, keeper double-lined, external notched.
uniform usampler2D texels;  // RG32UI: live rounding free tail | header other tint marks, 8 bits each
uniform isampler2D lines;   // RG16I: row (-1: between rows), y in the row
uniform int row_height;
uniform float scale;        // pixels of the screen a pattern unit takes (text scale)
uniform vec3 ground;        // what lies behind everything
uniform vec3 ink;           // strongest contrast to the ground
uniform vec3 header;
uniform vec3 changed_new;
uniform vec3 changed_freed;
uniform vec3 selection;
uniform vec3 tints[32];
out vec4 colour;

const uint kChunkEdge = 1u, kBlockEdge = 2u, kSelected = 4u, kNew = 8u, kFreed = 16u, kKeeper = 32u, kExternal = 64u,
           kRecycled = 128u;

uint byte_of(uint word, int index) { return (word >> (8 * index)) & 255u; }

void main() {
  ivec2 size = textureSize(texels, 0);
  int x = int(gl_FragCoord.x), y = textureSize(lines, 0).y - 1 - int(gl_FragCoord.y);
  ivec2 line = texelFetch(lines, ivec2(0, y), 0).xy;
  colour = vec4(ground, 1.0);
  if (line.x < 0 || x >= size.x) return;
  uvec2 texel = texelFetch(texels, ivec2(x, line.x), 0).xy;
  if (texel.x == 0u && (texel.y & 0xFFFFu) == 0u) return;

  float live = float(byte_of(texel.x, 0)), rounding = float(byte_of(texel.x, 1));
  float free = float(byte_of(texel.x, 2)), tail = float(byte_of(texel.x, 3));
  float head = float(byte_of(texel.y, 0)), other = float(byte_of(texel.y, 1));
  vec3 tint = tints[byte_of(texel.y, 2) & 31u];
  uint marks = byte_of(texel.y, 3);

  float px = float(x) / scale, py = float(line.y) / scale;
  float hatch = mod(px + py, 6.0) < 1.6 ? 1.0 : 0.0;
  float counter_hatch = mod(px - py + 600000.0, 6.0) < 1.2 ? 1.0 : 0.0;
  float dot_pattern = mod(px, 6.0) < 1.3 && mod(py + 2.0, 6.0) < 1.3 ? 1.0 : 0.0;

  vec3 faint = mix(ground, tint, 0.14);
  vec3 live_colour = tint;
  vec3 rounding_colour = mix(ground, tint, 0.42);
  vec3 free_colour = mix(faint, tint, 0.75 * hatch);
  vec3 tail_colour = mix(mix(ground, ink, 0.05), mix(ground, ink, 0.38), dot_pattern);
  vec3 other_colour = mix(faint, tint, 0.7 * max(hatch, counter_hatch));
  vec3 header_colour = mix(header, tint, 0.18);
  if ((marks & kRecycled) != 0u) other_colour = mix(ground, tint, 0.15 + 0.35 * dot_pattern);

  float sum = max(1.0, live + rounding + free + tail + head + other);
  vec3 mixed = (live * live_colour + rounding * rounding_colour + free * free_colour + tail * tail_colour +
                head * header_colour + other * other_colour) / sum;

  int from_bottom = row_height - 1 - line.y;
  int thick = max(1, int(scale + 0.5));
  if ((marks & kChunkEdge) != 0u) mixed = mix(mixed, ground, 0.75);
  if ((marks & kBlockEdge) != 0u || line.y < thick || from_bottom < thick) mixed = mix(mixed, ink, 0.55);
  if ((marks & kKeeper) != 0u) {  // double outline
    int edge = min(line.y, from_bottom);
    if (edge >= 2 * thick && edge < 3 * thick) mixed = mix(mixed, ink, 0.55);
  }
  if ((marks & kExternal) != 0u) {  // notched corner, upper left
    int notch = int(6.0 * scale);
    for (int k = 0; k < notch - line.y; ++k) {
      if (x - k < 0) break;
      uint there = texelFetch(texels, ivec2(x - k, line.x), 0).y >> 24;
      if ((there & kBlockEdge) != 0u) {
        mixed = k == notch - line.y - 1 ? mix(ground, ink, 0.6) : ground;
        break;
      }
    }
  }
  int band = min(line.y, from_bottom);
  if ((marks & kNew) != 0u) mixed = band < 3 * thick ? changed_new : mix(mixed, changed_new, 0.25);
  if ((marks & kFreed) != 0u) mixed = band < 3 * thick && mod(px, 8.0) < 5.0 ? changed_freed : mixed;
  if ((marks & kSelected) != 0u) mixed = band < 3 * thick ? selection : mix(mixed, selection, 0.22);
  colour = vec4(mixed, 1.0);
}
