// From what may throw to what a function may return that Python calls.
#pragma once

#include <cstdio>
#include <exception>
#include <limits>
#include <string>

namespace smjax {

// Without an allocation, which may be what went wrong.
inline const char* keep(const char* text) noexcept {
  thread_local char kept[512];
  std::snprintf(kept, sizeof kept, "%s", text);
  return kept;
}

// What f returns, a text.
template <class Function>
const char* names_of(const Function& f) noexcept {
  try {
    return keep(f().c_str());
  } catch (...) {
    return keep("");
  }
}

// What f returns as wrong, or what it throws.
template <class Function>
const char* complaint_of(const Function& f) noexcept {
  try {
    return keep(f().c_str());
  } catch (const std::exception& error) {
    return keep(error.what());
  } catch (...) {
    return keep("unknown error");
  }
}

template <class Function>
double number_of(const Function& f) noexcept {
  try {
    return f();
  } catch (...) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace smjax
