// The header under the lens: fields and targets against spec 2.3's worked words, and 15's plain members.
#include "gui/layout/header_lens.h"

#include <algorithm>

#include "core/walk/process_source.h"
#include "gui/byte_edits.h"
#include "tests/support/simulated_process.h"

using namespace palloscope;
using namespace palloscope::core;
using namespace palloscope::gui;
using test::SimulatedProcess;

namespace {

const LensField* find(const HeaderLens& lens, LensRole role) {
  for (const LensWord& word : lens.words)
    for (const LensField& field : word.fields)
      if (field.role == role) return &field;
  return nullptr;
}

}  // namespace

TEST_CASE("from 16 on the lens takes the word apart: id, external, value, block offset, and finds block and context") {
  for (const int major : {16, 17, 18}) {
    CAPTURE(major);
    SimulatedProcess s(major);
    const Address c = s.create("work");
    const Address p = s.process.memory_context_alloc(c, 100);
    const HeaderLens lens = header_lens(ProcessSource(s.process), s.profile, ContextKind::AllocSet, p);
    REQUIRE(lens.words.size() == 1);
    if (major >= 17) REQUIRE(lens.words[0].value == 0x000000A000000083);
    std::uint32_t bits = 0;
    for (const LensField& field : lens.words[0].fields) bits += field.bit_count;
    REQUIRE(bits == 64);
    REQUIRE(find(lens, LensRole::MethodId)->value == 3);
    REQUIRE(find(lens, LensRole::External)->value == 0);
    REQUIRE(find(lens, LensRole::Value)->value == 4);
    REQUIRE(find(lens, LensRole::Value)->says_bytes == 128);
    REQUIRE(find(lens, LensRole::BlockOffset)->value == 40);
    REQUIRE(find(lens, LensRole::BlockOffset)->target == p - 8 - 40);
    REQUIRE(lens.context == c);
    const Address large = s.process.memory_context_alloc(c, 9000);
    const HeaderLens external = header_lens(ProcessSource(s.process), s.profile, ContextKind::AllocSet, large);
    REQUIRE(find(external, LensRole::External)->value == 1);
    REQUIRE(find(external, LensRole::Magic)->says_key == "lens.says_magic");
    REQUIRE(external.block == large - 8 - 40);
    REQUIRE(external.context == c);
  }
}

TEST_CASE("in 15 the lens shows size and context of an AllocSet's chunk, the block too of the others") {
  SimulatedProcess s(15);
  const Address c = s.create("work");
  const Address p = s.process.memory_context_alloc(c, 100);
  const HeaderLens lens = header_lens(ProcessSource(s.process), s.profile, ContextKind::AllocSet, p);
  REQUIRE(lens.words.size() == 2);
  REQUIRE(find(lens, LensRole::Size)->value == 128);
  REQUIRE(find(lens, LensRole::Context)->target == c);
  const Address g = s.process.generation_context_create(s.process.top_memory_context(), "tuples");
  const Address t = s.process.memory_context_alloc(g, 100);
  const HeaderLens generation = header_lens(ProcessSource(s.process), s.profile, ContextKind::Generation, t);
  REQUIRE(generation.words.size() == 3);
  REQUIRE(find(generation, LensRole::Block)->target == t - 24 - 48);
}

TEST_CASE("a Bump chunk has no header to look at") {
  SimulatedProcess s(17);
  const Address b = s.process.bump_context_create(s.process.top_memory_context(), "tuples");
  const Address p = s.process.memory_context_alloc(b, 100);
  REQUIRE(header_lens(ProcessSource(s.process), s.profile, ContextKind::Bump, p).words.empty());
}

TEST_CASE("bits are laid in as many columns as there is room for") {
  REQUIRE(lens_columns(2000, 10) == 64);
  REQUIRE(lens_columns(400, 10) == 32);
  REQUIRE(lens_columns(200, 10) == 16);
}

TEST_CASE("edits become one poke for each run of neighbours, and a byte set back is none") {
  ByteEdits edits;
  edits.set({0x1000}, 0x41, 0);
  edits.set({0x1001}, 0x00, 7);
  edits.set({0x2000}, 0xff, 0);
  REQUIRE(edits.console_line() == R"(poke(0x1000, "\x41\x00") poke(0x2000, "\xff"))");
  edits.set({0x2000}, 0, 0);
  REQUIRE(edits.size() == 2);
}
