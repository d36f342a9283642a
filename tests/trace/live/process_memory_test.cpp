// Another process's memory: read as it runs, and copied while it stands.
#include "trace/live/process_memory.h"

#include <sys/mman.h>

#include <array>
#include <cstring>

#include "tests/support/catch.h"
#include "tests/trace/live/live_dummy.h"
#include "trace/live/memory_copy.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kPage = 4096;

core::Address address_of(const void* here) { return {reinterpret_cast<std::uintptr_t>(here)}; }

// Memory that a forked process has at the same place: touched pages with their number in each byte, untouched ones
// between, and a page that may not be read.
struct Scenery {
  std::size_t pages = 2048;  // enough that what is untouched is left out
  std::uint8_t* area = static_cast<std::uint8_t*>(
      mmap(nullptr, pages* kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  Scenery() {
    for (std::size_t page = 0; page < pages; page += 3)
      std::memset(area + page * kPage, static_cast<int>(page % 255 + 1), kPage);
    mprotect(area + 9 * kPage, kPage, PROT_NONE);
  }
  ~Scenery() { munmap(area, pages * kPage); }
  std::uint8_t expected(std::size_t page) const {
    return page % 3 == 0 ? static_cast<std::uint8_t>(page % 255 + 1) : 0;
  }
};

bool may_read(const Dummy& dummy) {
  static const int probe = 1;
  std::array<std::uint8_t, 4> bytes;
  if (ProcessMemory(dummy.pid()).read(address_of(&probe), bytes)) return true;
  WARN("other processes cannot be read here: not tested");
  return false;
}

TEST_CASE("memory of another process is read as far as it can be") {
  const Scenery scenery;
  const Dummy dummy;
  if (!may_read(dummy)) return;
  const ProcessMemory memory(dummy.pid());
  std::vector<std::uint8_t> bytes(2 * kPage);
  REQUIRE(memory.read(address_of(scenery.area), bytes));
  CHECK(bytes[0] == 1);
  CHECK(bytes[kPage] == 0);
  CHECK_FALSE(memory.read(address_of(scenery.area + 9 * kPage), bytes));
  CHECK_FALSE(memory.read({8}, bytes));
  CHECK_FALSE(memory.read({~std::uint64_t{0} - 4}, bytes));
  CHECK_FALSE(ProcessMemory(0x3FFFFFFF).read(address_of(scenery.area), bytes));
}

TEST_CASE("many ranges come one behind the other, up to the first that is not there") {
  const Scenery scenery;
  const Dummy dummy;
  if (!may_read(dummy)) return;
  const ProcessMemory memory(dummy.pid());
  std::vector<AddressRange> ranges;
  for (std::size_t page = 12; page < scenery.pages; ++page)  // more than one call takes
    ranges.push_back({address_of(scenery.area + page * kPage), address_of(scenery.area + page * kPage + 8)});
  std::vector<std::uint8_t> bytes(ranges.size() * 8);
  REQUIRE(memory.read_ranges(ranges, bytes) == bytes.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) REQUIRE(bytes[i * 8 + 7] == scenery.expected(12 + i));
  ranges[700] = {{8}, {16}};
  CHECK(memory.read_ranges(ranges, bytes) == 700 * 8);
}

TEST_CASE("a copy holds a process's own memory, and leaves out what it never touched") {
  const Scenery scenery;
  const Dummy dummy;
  if (!may_read(dummy)) return;
  MemoryCopy copy(dummy.pid(), "/proc/" + std::to_string(dummy.pid()));
  for (int round = 0; round < 3; ++round) {  // the pages are used again
    REQUIRE(copy.prepare());
    REQUIRE(copy.copy());
    const auto memory = copy.take();
    for (std::size_t page = 0; page < scenery.pages; ++page) {
      if (page == 9) continue;
      std::array<std::uint8_t, 16> bytes;
      bytes.fill(99);
      REQUIRE(memory->read(address_of(scenery.area + page * kPage + kPage - 16), bytes));
      REQUIRE(bytes[0] == scenery.expected(page));
    }
    std::vector<std::uint8_t> across(5 * kPage);
    REQUIRE(memory->read(address_of(scenery.area + 10 * kPage), across));
    CHECK(across[2 * kPage] == scenery.expected(12));
    CHECK_FALSE(memory->read(address_of(scenery.area + 9 * kPage), across));
    CHECK_FALSE(memory->read(address_of(scenery.area + 8 * kPage), across));
    // The program's text is read from the process, since nobody changes it.
    const auto text = address_of(reinterpret_cast<const void*>(&tick_for_ever));
    std::array<std::uint8_t, 8> code;
    CHECK(memory->read(text, code));
  }
  CHECK(copy.copied_bytes() > scenery.pages / 3 * kPage);
  CHECK(copy.expected_bytes() == copy.copied_bytes());
}

TEST_CASE("what was copied is wiped when the copy goes") {
  const auto arena = Arena::of(kPage);
  REQUIRE(arena != nullptr);
  arena->bytes()[100] = 7;
  {
    const CopiedMemory memory(arena, {{{{0x1000}, {0x2000}}, 0, false}}, nullptr, {});
    std::array<std::uint8_t, 1> byte;
    REQUIRE(memory.read({0x1064}, byte));
    CHECK(byte[0] == 7);
    CHECK_FALSE(memory.read({0x2000}, byte));
    CHECK_FALSE(memory.read({0xFFF}, byte));
  }
  CHECK(arena->bytes()[100] == 0);
}

TEST_CASE("a process that is gone is not copied") {
  MemoryCopy copy(0x3FFFFFFF, "/proc/1073741823");
  REQUIRE(copy.prepare());
  CHECK_FALSE(copy.copy());
}

}  // namespace
}  // namespace palloscope::trace
