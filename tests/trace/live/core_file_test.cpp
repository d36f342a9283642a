// Core dumps of a simulated server process, put together by hand as gcore and the kernel write them.
#include "trace/live/core_file.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/walk/kept_bytes.h"
#include "tests/support/catch.h"
#include "tests/support/elf_writer.h"
#include "tests/support/random_operations.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"
#include "trace/open_any.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;
using core::Address;
using test::ElfWriter;

struct ScratchFolder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("palloscope-cores-" + std::to_string(::getpid()));
  ScratchFolder() { std::filesystem::create_directories(path); }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

constexpr std::uint64_t kProgramAt = 0x5555'0000'0000, kProgramBytes = 4096;

// A simulated process, as pages of memory, and the program that it is said to run: the variables are where the
// simulated ones are, less the place where the program is mapped.
struct Dumped {
  explicit Dumped(const ScratchFolder& scratch, int version = 17)
      : folder(scratch), simulated(version), program(folder.path / "postgres") {
    test::RandomOperations operations(simulated.process, 7);
    for (int i = 0; i < 200; ++i) operations.operate();
    capture = test::capture_of(simulated.process);
    ElfWriter elf(ET_DYN);
    elf.add({0, std::string(2048, 'p'), PF_R | PF_X, kProgramBytes});
    elf.add_symbol("TopMemoryContext", capture.roots.top_memory_context.value - kProgramAt);
    elf.add_symbol("CurrentMemoryContext", capture.roots.current_memory_context.value - kProgramAt);
    elf.add_symbol("context_freelists", capture.roots.context_freelists.value - kProgramAt);
    program_bytes = elf.file();
    write_file(program, program_bytes);
  }

  // What a walk looks at, and whole pages of it: as a core has them.
  std::vector<ElfWriter::Segment> pages() const {
    Capture watched;
    watched.build = capture.build;
    watched.roots = capture.roots;
    auto kept = std::make_unique<core::KeptBytes>(*capture.memory);
    const core::KeptBytes& seen = *kept;
    watched.memory = std::move(kept);
    REQUIRE(read_moment(watched));
    std::vector<ElfWriter::Segment> segments;
    for (const core::KeptBytes::Range& range : seen.ranges()) {
      std::string bytes(range.bytes, '\0');
      REQUIRE(capture.memory->read(range.at, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
      segments.push_back({range.at.value, std::move(bytes), PF_R | PF_W});
    }
    return segments;
  }

  std::string notes(const std::string& program_name) const {
    std::string status(336, '\0'), info(136, '\0'), files, auxiliary;
    const std::uint32_t pid = 4242;
    std::memcpy(&status[32], &pid, sizeof pid);
    std::memcpy(&info[24], &pid, sizeof pid);
    const std::string title = "postgres: bob shop [local] idle   ";
    info.replace(56, title.size(), title);
    for (const std::uint64_t word :
         {std::uint64_t{1}, std::uint64_t{4096}, kProgramAt, kProgramAt + kProgramBytes, std::uint64_t{0}})
      ElfWriter::append(files, word);
    files += program_name + '\0';
    for (const std::uint64_t word : {std::uint64_t{AT_ENTRY}, kProgramAt + 64, std::uint64_t{0}, std::uint64_t{0}})
      ElfWriter::append(auxiliary, word);
    return ElfWriter::note(NT_PRSTATUS, status) + ElfWriter::note(NT_PRPSINFO, info) +
           ElfWriter::note(NT_AUXV, auxiliary) + ElfWriter::note(NT_FILE, files);
  }

  std::string core(const std::string& program_name, const std::string& first_page) const {
    ElfWriter elf(ET_CORE);
    elf.add({0, notes(program_name), 0, 0, PT_NOTE});
    elf.add({kProgramAt, first_page, PF_R | PF_X, kProgramBytes});
    for (ElfWriter::Segment& segment : pages()) elf.add(std::move(segment));
    return elf.file();
  }

  const ScratchFolder& folder;
  test::SimulatedProcess simulated;
  Capture capture;
  std::filesystem::path program;
  std::string program_bytes;
};

TEST_CASE("a core gives what the process gave, with its pid, title and program") {
  const ScratchFolder folder;
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    const Dumped dumped(folder, major);
    const std::filesystem::path file = folder.path / "core.4242";
    write_file(file, dumped.core(dumped.program.string(), dumped.program_bytes.substr(0, 2048)));
    const auto capture = open_core(file);
    if (!capture) FAIL(capture.error().message);
    CHECK(capture->build.major == major);
    CHECK(capture->build.executable == dumped.program.string());
    CHECK(capture->facts.pid == 4242);
    CHECK(capture->facts.title == "postgres: bob shop [local] idle");
    const auto moment = read_moment(*capture), before = read_moment(dumped.capture);
    REQUIRE(moment);
    REQUIRE(before);
    CHECK(moment->heap.contexts == before->heap.contexts);
    CHECK(moment->heap.findings.empty());
    const auto timeline = open_any(file);
    REQUIRE(timeline);
    CHECK(timeline->description().source == core::SourceKind::Snapshot);
  }
}

TEST_CASE("pages of the program that are not in the core are read from its file, unless that is another one by now") {
  const ScratchFolder folder;
  Dumped dumped(folder);
  const std::filesystem::path file = folder.path / "core.4242";
  write_file(file, dumped.core(dumped.program.string(), dumped.program_bytes.substr(0, 1024)));
  {
    const auto capture = open_core(file);
    REQUIRE(capture);
    std::string page(1024, '\0');
    REQUIRE(
        capture->memory->read(Address{kProgramAt + 512}, {reinterpret_cast<std::uint8_t*>(page.data()), page.size()}));
    CHECK(page == dumped.program_bytes.substr(512, 1024));
  }
  std::string other = dumped.program_bytes;
  other[800] = 'q';
  write_file(dumped.program, other);
  const auto capture = open_core(file);
  REQUIRE_FALSE(capture);
  CHECK_THAT(capture.error().message, ContainsSubstring("another build") && ContainsSubstring("--exe"));

  // The right one is elsewhere.
  write_file(folder.path / "postgres.old", dumped.program_bytes);
  const auto again = open_core(file, folder.path / "postgres.old");
  REQUIRE(again);
  CHECK(read_moment(*again));
}

TEST_CASE("what is no core of a server is refused in one line that says why") {
  const ScratchFolder folder;
  Dumped dumped(folder);
  const std::filesystem::path file = folder.path / "core.4242";
  const auto message = [&](const std::string& bytes) {
    write_file(file, bytes);
    const auto capture = open_core(file);
    return capture ? std::string("opened") : capture.error().message;
  };
  CHECK_THAT(message("\x7f"
                     "ELF"),
             ContainsSubstring("core.4242"));
  CHECK_THAT(message(dumped.program_bytes), ContainsSubstring("no core dump"));
  CHECK_THAT(message(ElfWriter(ET_CORE).file()), ContainsSubstring("which program"));
  CHECK_THAT(message(dumped.core("/not/there/postgres", "")),
             ContainsSubstring("/not/there/postgres") && ContainsSubstring("--exe"));
  // A program without TopMemoryContext.
  ElfWriter other(ET_DYN);
  other.add({0, std::string(2048, 'p'), PF_R | PF_X, kProgramBytes});
  other.add_symbol("main", 64);
  write_file(dumped.program, other.file());
  CHECK_THAT(message(dumped.core(dumped.program.string(), "")), ContainsSubstring("no PostgreSQL server"));
}

TEST_CASE("a core that is cut anywhere is refused or walked without harm") {
  const ScratchFolder folder;
  const Dumped dumped(folder);
  const std::filesystem::path file = folder.path / "core.4242";
  const std::string whole = dumped.core(dumped.program.string(), dumped.program_bytes.substr(0, 2048));
  for (std::size_t length = 1; length < whole.size(); length += 1 + length / 10) {
    INFO("cut to " << length << " bytes");
    write_file(file, whole.substr(0, length));
    const auto timeline = open_any(file);
    if (timeline) CHECK(timeline->state().fault_count() == 0);
  }
}

}  // namespace
}  // namespace palloscope::trace
