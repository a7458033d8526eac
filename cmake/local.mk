# What other build systems read to find an installed weir: pkg-config and Meson, and CMake.

pkgconfig_DATA = weir.pc
cmakedir = $(libdir)/cmake/weir
nodist_cmake_DATA = cmake/weirConfig.cmake cmake/weirConfigVersion.cmake
