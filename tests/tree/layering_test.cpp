// The rules about who may include whom that CMake's targets cannot enforce, checked on the sources themselves.
#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/source_tree.h"

namespace fs = std::filesystem;
using namespace palloscope;

namespace {

struct Include {
  std::string target;  // what stands between the quotes or brackets
  bool quoted = false;
};

struct SourceFile {
  std::string path;  // from the clone's root, with '/'
  std::string text;
  std::vector<Include> includes;
};

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#' || line.find("include") == std::string::npos) continue;
    const std::size_t open = line.find_first_of("\"<");
    if (open == std::string::npos) continue;
    const std::size_t close = line.find_first_of("\">", open + 1);
    if (close == std::string::npos) continue;
    found.push_back({line.substr(open + 1, close - open - 1), line[open] == '"'});
  }
  return found;
}

const std::vector<SourceFile>& sources() {
  static const std::vector<SourceFile> all = [] {
    std::vector<SourceFile> found;
    const fs::path root = test::in_source_tree("");
    for (const char* folder : {"core", "trace", "gui", "tests"}) {
      for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
        if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
        std::string text = test::read_file(entry.path());
        std::vector<Include> includes = includes_of(text);
        found.push_back({fs::relative(entry.path(), root).generic_string(), std::move(text), std::move(includes)});
      }
    }
    return found;
  }();
  return all;
}

const SourceFile* find_source(std::string_view path) {
  const auto& all = sources();
  const auto at = std::find_if(all.begin(), all.end(), [&](const SourceFile& file) { return file.path == path; });
  return at == all.end() ? nullptr : &*at;
}

using Paths = std::initializer_list<std::string_view>;

bool lies_in(std::string_view path, Paths places) {
  return std::any_of(places.begin(), places.end(), [&](std::string_view place) { return path.starts_with(place); });
}

// Every include of a target that starts with one of `targets` stands in a file below one of `allowed`.
void only_included_from(Paths targets, Paths allowed) {
  for (const SourceFile& file : sources()) {
    for (const Include& include : file.includes) {
      if (lies_in(include.target, targets) && !lies_in(file.path, allowed))
        FAIL_CHECK(file.path << " includes " << include.target << ", which only the layers above it may");
    }
  }
  CHECK(!sources().empty());
}

}  // namespace

TEST_CASE("core includes neither trace nor gui, and trace does not include gui") {
  only_included_from({"trace/"}, {"trace/", "gui/", "tests/"});
  only_included_from({"gui/"}, {"gui/", "tests/"});
  only_included_from({"tests/"}, {"tests/"});
}

TEST_CASE("ImGui is included only where the window is drawn or set up") {
  only_included_from({"imgui", "imstb"}, {"gui/panels/", "gui/chrome/", "gui/platform/", "gui/picture/", "gui/app.cpp",
                                          "gui/key_input.cpp", "gui/look.cpp", "tests/"});
}

TEST_CASE("OpenGL is included only in gui/gl and gui/platform, and window systems only in gui/platform") {
  only_included_from({"glad/", "GL/"}, {"gui/gl/", "gui/platform/", "tests/gui/"});
  only_included_from({"GLFW/", "EGL/"}, {"gui/platform/", "tests/gui/"});
}

TEST_CASE("CLI11, which takes seconds to compile, is included only where our own Usage hides it") {
  only_included_from({"CLI/"}, {"gui/cli/arguments.cpp"});
}

TEST_CASE("pure layout, session and action units reach neither ImGui nor OpenGL, not even through other headers") {
  for (const SourceFile& start : sources()) {
    if (!lies_in(start.path, {"gui/layout/", "gui/session", "gui/action", "core/", "trace/"})) continue;
    std::set<std::string> seen{start.path};
    std::vector<const SourceFile*> open{&start};
    for (std::size_t at = 0; at < open.size(); ++at) {
      const SourceFile& file = *open[at];
      for (const Include& include : file.includes) {
        if (lies_in(include.target, {"imgui", "imstb", "glad/", "GLFW/", "EGL/"}))
          FAIL_CHECK(start.path << " reaches " << include.target << " through " << file.path);
        const SourceFile* next = find_source(include.target);
        if (next != nullptr && seen.insert(include.target).second) open.push_back(next);
      }
    }
  }
}

TEST_CASE("a header that drags in a heavy library is included only in its own folder") {
  for (const SourceFile& file : sources()) {
    for (const Include& include : file.includes) {
      const SourceFile* header = find_source(include.target);
      if (header == nullptr || header->path.starts_with("tests/") || file.path.starts_with("tests/")) continue;
      if (fs::path(header->path).parent_path() == fs::path(file.path).parent_path()) continue;
      for (const Include& heavy : header->includes)
        if (lies_in(heavy.target, {"fmt/", "nlohmann/json.hpp", "lua", "CLI/", "zstd", "lz4"}))
          FAIL_CHECK(file.path << " includes " << header->path << " and so " << heavy.target
                               << "; forward declare there, or move it into the .cpp");
    }
  }
}

TEST_CASE("a name in a namespace means one type: the linker would take one of two for both") {
  std::map<std::string, std::string> where;  // name with its namespace -> file
  for (const SourceFile& file : sources()) {
    if (!file.path.ends_with(".h")) continue;
    std::istringstream lines(file.text);
    std::string space;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string kind, name;
      words >> kind >> name;
      if (line.starts_with("namespace ")) space = name;
      const bool is_definition = (line.starts_with("struct ") || line.starts_with("class ")) && line.ends_with("{");
      if (!is_definition) continue;
      const auto [known, is_new] = where.emplace(space + "::" + name, file.path);
      if (!is_new) FAIL_CHECK(known->first << " is defined in " << known->second << " and in " << file.path);
    }
  }
  CHECK(where.size() > 100);
}

TEST_CASE("tests include Catch2 through one header") {
  for (const SourceFile& file : sources())
    for (const Include& include : file.includes)
      if (include.target.starts_with("catch2/") && file.path != "tests/support/catch.h")
        FAIL_CHECK(file.path << " includes " << include.target << " instead of tests/support/catch.h");
}

TEST_CASE("our own headers are included from the clone's root, and never a .cpp") {
  for (const SourceFile& file : sources()) {
    for (const Include& include : file.includes) {
      if (include.target.ends_with(".cpp")) FAIL_CHECK(file.path << " includes " << include.target);
      const bool own = include.quoted && include.target.find('/') != std::string::npos;  // "imgui.h" is not
      if (!own || include.target.starts_with("generated/")) continue;
      if (!fs::exists(test::in_source_tree(include.target)))
        FAIL_CHECK(file.path << " includes \"" << include.target << "\", which does not lie there in the clone");
    }
  }
}

TEST_CASE("every header says at its top what it is for, and so does a .cpp without a header") {
  for (const SourceFile& file : sources()) {
    const bool has_header = file.path.ends_with(".cpp") &&
                            fs::exists(test::in_source_tree(fs::path(file.path).replace_extension(".h").string()));
    const bool is_unit_test = file.path.ends_with("_test.cpp");  // named after the unit it tests
    if (has_header || is_unit_test) continue;
    if (!file.text.starts_with("//")) FAIL_CHECK(file.path << " begins without a comment");
  }
}

TEST_CASE("nothing unfinished is left in the sources") {
  for (const SourceFile& file : sources()) {
    if (file.path.starts_with("tests/tree/")) continue;
    for (const char* mark : {"TODO", "FIXME", "XXX:", "HACK"})
      if (file.text.find(mark) != std::string::npos) FAIL_CHECK(file.path << " holds a " << mark);
  }
}
