#include "core/shmem/hash_bytes.h"

#include <algorithm>
#include <array>
#include <bit>

namespace palloscope::core {
namespace {

struct Mixer {
  std::uint32_t a, b, c;

  // One line of lookup3's mix: x -= y; x ^= rot(y, bits); y += z.
  static void step(std::uint32_t& x, std::uint32_t& y, std::uint32_t z, int bits) {
    x -= y;
    x ^= std::rotl(y, bits);
    y += z;
  }
  void mix() {
    step(a, c, b, 4);
    step(b, a, c, 6);
    step(c, b, a, 8);
    step(a, c, b, 16);
    step(b, a, c, 19);
    step(c, b, a, 4);
  }
  // One line of lookup3's final: x ^= y; x -= rot(y, bits).
  static void close(std::uint32_t& x, std::uint32_t y, int bits) {
    x ^= y;
    x -= std::rotl(y, bits);
  }
  void finish() {
    close(c, b, 14);
    close(a, c, 11);
    close(b, a, 25);
    close(c, b, 16);
    close(a, c, 4);
    close(b, a, 14);
    close(c, b, 24);
  }
};

}  // namespace

std::uint32_t hash_bytes(std::span<const std::uint8_t> key) {
  const std::uint32_t start = 0x9e3779b9u + static_cast<std::uint32_t>(key.size()) + 3923095u;
  Mixer mixer{start, start, start};
  std::uint32_t* words[3] = {&mixer.a, &mixer.b, &mixer.c};
  for (; key.size() >= 12; key = key.subspan(12)) {
    for (std::size_t i = 0; i < 12; ++i) *words[i / 4] += std::uint32_t{key[i]} << (8 * (i % 4));
    mixer.mix();
  }
  // The rest; the lowest byte of c is kept for the length, so what would go there goes one higher.
  for (std::size_t i = 0; i < key.size(); ++i)
    *words[i / 4] += std::uint32_t{key[i]} << (8 * (i < 8 ? i % 4 : i % 4 + 1));
  mixer.finish();
  return mixer.c;
}

}  // namespace palloscope::core
