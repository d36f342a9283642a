#include "tests/gui/support/headless.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "gui/document.h"
#include "gui/picture/cpu_screen.h"
#include "tests/support/catch.h"

namespace palloscope::test {
namespace {

constexpr float kFrameSeconds = 1.0f / 60;

ImGuiKey imgui_key(gui::Key key) {
  using gui::Key;
  const auto offset = [&](Key first) { return static_cast<int>(key) - static_cast<int>(first); };
  if (key >= Key::A && key <= Key::Z) return static_cast<ImGuiKey>(ImGuiKey_A + offset(Key::A));
  if (key >= Key::Digit0 && key <= Key::Digit9) return static_cast<ImGuiKey>(ImGuiKey_0 + offset(Key::Digit0));
  if (key >= Key::F1 && key <= Key::F12) return static_cast<ImGuiKey>(ImGuiKey_F1 + offset(Key::F1));
  constexpr std::pair<Key, ImGuiKey> kKeys[] = {{Key::Left, ImGuiKey_LeftArrow},
                                                {Key::Right, ImGuiKey_RightArrow},
                                                {Key::Up, ImGuiKey_UpArrow},
                                                {Key::Down, ImGuiKey_DownArrow},
                                                {Key::PageUp, ImGuiKey_PageUp},
                                                {Key::PageDown, ImGuiKey_PageDown},
                                                {Key::Home, ImGuiKey_Home},
                                                {Key::End, ImGuiKey_End},
                                                {Key::Space, ImGuiKey_Space},
                                                {Key::Enter, ImGuiKey_Enter},
                                                {Key::Escape, ImGuiKey_Escape},
                                                {Key::Tab, ImGuiKey_Tab},
                                                {Key::Backspace, ImGuiKey_Backspace},
                                                {Key::Delete, ImGuiKey_Delete},
                                                {Key::Plus, ImGuiKey_Equal},
                                                {Key::Minus, ImGuiKey_Minus},
                                                {Key::Slash, ImGuiKey_Slash},
                                                {Key::Comma, ImGuiKey_Comma},
                                                {Key::Period, ImGuiKey_Period},
                                                {Key::LeftBracket, ImGuiKey_LeftBracket},
                                                {Key::RightBracket, ImGuiKey_RightBracket}};
  for (const auto& [ours, theirs] : kKeys)
    if (ours == key) return theirs;
  return ImGuiKey_None;
}

}  // namespace

Headless::Headless(int width, int height) : app_(std::make_unique<gui::App>()) {
  ImGuiIO& io = ImGui::GetIO();
  io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
  io.ConfigInputTrickleEventQueue = true;  // as in the program: press and release never fall into one frame
  ImGui::GetCurrentContext()->TestEngineHookItems = true;
  session().preferences.motion = false;
  resize(width, height);
  frames(2);
}

Headless::~Headless() = default;

void Headless::resize(int width, int height) {
  ImGui::GetIO().DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
}

void Headless::frames(int count) {
  for (int i = 0; i < count; ++i) {
    ImGui::GetIO().DeltaTime = kFrameSeconds;
    item_log().current.clear();
    app_->frame();
    gui::answer_texture_requests();
  }
}

void Headless::open_scenario(std::string_view name) {
  auto document = gui::open_scenario(name);
  REQUIRE(document);
  document->run->advance();
  session().document.emplace(std::move(*document));
  session().document->serial = ++session().documents_opened;
  session().document->timeline.seek(session().event_count());
  frames(2);
}

void Headless::open_script(std::string_view text) {
  auto document = gui::start_script("test", text);
  REQUIRE(document);
  document->run->advance();
  session().document.emplace(std::move(*document));
  session().document->serial = ++session().documents_opened;
  session().document->timeline.seek(session().event_count());
  frames(2);
}

std::optional<Item> Headless::find(std::string_view label) {
  const Item* part = nullptr;
  for (const auto& [id, item] : item_log().current) {
    if (item.label.empty() || item.is_clipped) continue;
    if (item.label == label) return item;
    // Of several that contain it the shortest is meant; of equals the first on the screen, whatever the hash order.
    if (item.label.find(label) == std::string::npos) continue;
    const auto rank = [](const Item& i) { return std::tuple(i.label.size(), i.top, i.left); };
    if (part == nullptr || rank(item) < rank(*part)) part = &item;
  }
  return part == nullptr ? std::nullopt : std::optional<Item>(*part);
}

std::string Headless::labels() {
  std::vector<std::string> all;
  for (const auto& [id, item] : item_log().current)
    if (!item.label.empty()) all.push_back(item.label + (item.is_clipped ? " (clipped)" : ""));
  std::sort(all.begin(), all.end());
  std::string text;
  for (const std::string& label : all) text += label + "\n";
  return text;
}

void Headless::hover(std::string_view label) {
  frames(1);
  const auto item = find(label);
  INFO("looking for \"" << label << "\" among:\n" << labels());
  REQUIRE(item.has_value());
  ImGui::GetIO().AddMousePosEvent((item->left + item->right) / 2, (item->top + item->bottom) / 2);
  frames(2);
}

void Headless::press(int button, int times) {
  for (int i = 0; i < times; ++i) {
    ImGui::GetIO().AddMouseButtonEvent(button, true);
    frames(1);
    ImGui::GetIO().AddMouseButtonEvent(button, false);
    frames(1);
  }
  frames(2);
}

void Headless::click(std::string_view label) {
  hover(label);
  press(0, 1);
}

void Headless::double_click(std::string_view label) {
  hover(label);
  press(0, 2);
}

void Headless::right_click(std::string_view label) {
  hover(label);
  press(1, 1);
}

void Headless::click_at(float x, float y) {
  ImGui::GetIO().AddMousePosEvent(x, y);
  frames(2);
  press(0, 1);
}

void Headless::drag(float from_x, float from_y, float to_x, float to_y) {
  ImGuiIO& io = ImGui::GetIO();
  io.AddMousePosEvent(from_x, from_y);
  frames(2);
  io.AddMouseButtonEvent(0, true);
  frames(1);
  io.AddMousePosEvent((from_x + to_x) / 2, (from_y + to_y) / 2);
  frames(1);
  io.AddMousePosEvent(to_x, to_y);
  frames(2);
  io.AddMouseButtonEvent(0, false);
  frames(2);
}

void Headless::wheel(float x, float y, float steps) {
  ImGui::GetIO().AddMousePosEvent(x, y);
  frames(1);
  ImGui::GetIO().AddMouseWheelEvent(0, steps);
  frames(2);
}

void Headless::key(gui::KeyChord chord) {
  ImGuiIO& io = ImGui::GetIO();
  constexpr std::pair<std::uint8_t, ImGuiKey> kModifiers[] = {
      {gui::kCtrl, ImGuiMod_Ctrl}, {gui::kShift, ImGuiMod_Shift}, {gui::kAlt, ImGuiMod_Alt}};
  const ImGuiKey key = imgui_key(chord.key);
  REQUIRE(key != ImGuiKey_None);
  for (const auto& [ours, theirs] : kModifiers)
    if ((chord.modifiers & ours) != 0) io.AddKeyEvent(theirs, true);
  io.AddKeyEvent(key, true);
  frames(2);
  io.AddKeyEvent(key, false);
  for (const auto& [ours, theirs] : kModifiers)
    if ((chord.modifiers & ours) != 0) io.AddKeyEvent(theirs, false);
  frames(2);
}

void Headless::key(std::string_view chord) {
  const auto parsed = gui::parse_key_chord(chord);
  INFO("key chord " << chord);
  REQUIRE(parsed.has_value());
  key(*parsed);
}

void Headless::type(std::string_view text) {
  ImGui::GetIO().AddInputCharactersUTF8(std::string(text).c_str());
  frames(2);
}

}  // namespace palloscope::test
