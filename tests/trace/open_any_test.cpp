#include "trace/open_any.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "trace/exporters/exporter.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

// A folder that is gone with the object.
struct ScratchFolder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("palloscope-open-" + std::to_string(::getpid()));
  ScratchFolder() { std::filesystem::create_directories(path); }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return path / name;
  }
};

std::string exported(const Timeline& timeline, std::size_t format) {
  std::ostringstream out;
  exporter_table()[format].write(timeline, out);
  return out.str();
}

TEST_CASE("a dump opens at its last moment, and saved as a trace it opens as the same") {
  const ScratchFolder folder;
  const std::string dump = test::read_golden("dumps/pg18-log-backend-memory-contexts.log");
  auto opened = open_any(folder.write("server.log", dump + dump));
  REQUIRE(opened);
  CHECK(opened->cursor() == opened->size());
  CHECK(opened->description().title == "server.log");
  REQUIRE(opened->save(folder.path / "server.pscope"));

  auto trace = open_any(folder.path / "server.pscope");
  REQUIRE(trace);
  CHECK(trace->description() == opened->description());
  CHECK(trace->size() == opened->size());
  trace->seek(trace->size());
  for (std::size_t format = 0; format < exporter_table().size(); ++format)
    CHECK(exported(*trace, format) == exported(*opened, format));
}

TEST_CASE("a text that is in no file opens as the file with it would, and a trace does not") {
  const ScratchFolder folder;
  const std::string dump = test::read_golden("dumps/pg18-log-backend-memory-contexts.log");
  const auto file = open_any(folder.write("server.log", dump));
  const auto text = open_text("server.log", dump);
  REQUIRE(file);
  REQUIRE(text);
  CHECK(text->description().title == "server.log");
  CHECK(text->cursor() == file->cursor());
  for (std::size_t format = 0; format < exporter_table().size(); ++format)
    CHECK(exported(*text, format) == exported(*file, format));

  const auto nothing = open_text("pasted", "");
  REQUIRE_FALSE(nothing);
  CHECK_THAT(nothing.error().message, ContainsSubstring("pasted: "));
  const auto trace = open_text("pasted", std::string("\x89PSCOPE\n and more"));
  REQUIRE_FALSE(trace);
  CHECK_THAT(trace.error().message, ContainsSubstring("opened as a file"));
}

TEST_CASE("standard input is read to its end, as a text") {
  const ScratchFolder folder;
  const auto dump = folder.write("dump.txt", test::read_golden("dumps/pg15-memorycontextstats-stderr.txt"));
  const int before = ::dup(STDIN_FILENO), input = ::open(dump.c_str(), O_RDONLY);
  REQUIRE(input >= 0);
  ::dup2(input, STDIN_FILENO);
  const auto timeline = open_any("-");
  ::dup2(before, STDIN_FILENO);
  ::close(input), ::close(before);
  REQUIRE(timeline);
  CHECK(timeline->description().title == "standard input");
  CHECK(exported(*timeline, 0) == exported(*open_any(dump), 0));
}

TEST_CASE("opening tells how far it is, from 0 to 1, and stops when asked to") {
  const ScratchFolder folder;
  const std::string dump = test::read_golden("dumps/pg15-memorycontextstats-stderr.txt");
  std::string much;
  while (much.size() < (std::size_t{1} << 21)) much += dump;
  const auto file = folder.write("much.txt", much);

  std::vector<double> told;
  REQUIRE(open_any(file, [&](double done) { return told.push_back(done), true; }));
  CHECK(told.size() > 8);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.front() >= 0);
  CHECK(told.back() <= 1);

  const auto stopped = open_any(file, [](double done) { return done < 0.3; });
  REQUIRE(!stopped);
  CHECK(stopped.error().code == core::ErrorCode::Cancelled);
}

TEST_CASE("what cannot be opened is named, with the reason") {
  const ScratchFolder folder;
  CHECK_THAT(open_any(folder.path).error().message, ContainsSubstring("folder"));
  CHECK_THAT(open_any(folder.path / "none").error().message, ContainsSubstring("none: No such file"));
  CHECK_THAT(open_any(folder.write("notes.txt", "no dump here\n")).error().message,
             ContainsSubstring("notes.txt: no memory contexts found in 1 lines"));
}

}  // namespace
}  // namespace palloscope::trace
