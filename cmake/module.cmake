# culprit_module(name deps... [ROOMS rooms...]): one folder of src is one static library (culprit_name) and one test binary
# (name_test).
#
# If src/NAME/libraries.cmake exists, it links third-party libraries to culprit_NAME.
# `deps` are the modules that it may include. `rooms` are its sub-folders in order: a room may include the rooms before it, and
# peers are in braces. tools/check_layers.py checks every #include against this list.
# Files: *_test.cc go to the test binary, *_testing.cc to a library for tests, fuzzers and benchmarks, *_fuzz.cc each become a
# fuzzer in the `fuzz` preset, *_bench.cc a benchmark; main.cc becomes the program `culprit` in the build directory's root.
add_custom_target(fuzzers)
add_custom_target(benches)
add_custom_target(unit_tests)

function(culprit_module name)
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|testing|fuzz|bench)\\.cc$|/main\\.cc$|/bpf/")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  set(testing ${all})
  list(FILTER testing INCLUDE REGEX "_testing\\.cc$")
  cmake_parse_arguments(PARSE_ARGV 1 module "" "" "ROOMS")
  list(TRANSFORM module_UNPARSED_ARGUMENTS PREPEND culprit_ OUTPUT_VARIABLE deps)

  if(sources)
    add_library(culprit_${name} STATIC ${sources})
    set(visibility PUBLIC)
  else()
    add_library(culprit_${name} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(culprit_${name} ${visibility} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(culprit_${name} ${visibility} ${deps})
  # In a unity build, several files share their anonymous namespaces. Small batches make name clashes rare. Excluded are
  # analysis, whose detectors use the same names for their own thresholds, and statement, whose readers have their own
  # functions for character classes.
  if(CULPRIT_UNITY AND sources AND NOT name MATCHES "^(analysis|statement)$")
    set_target_properties(culprit_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()

  # The module's further libraries (find_library, pkg-config, generated files).
  include(${CMAKE_CURRENT_SOURCE_DIR}/${name}/libraries.cmake OPTIONAL)

  # Tests, fuzzers and benchmarks link the module and its fakes.
  set(with_fakes culprit_${name})
  if(testing)
    add_library(culprit_${name}_testing STATIC EXCLUDE_FROM_ALL ${testing})
    target_link_libraries(culprit_${name}_testing PUBLIC culprit_${name})
  endif()
  foreach(dependency culprit_${name} ${deps})
    if(TARGET ${dependency}_testing)
      list(APPEND with_fakes ${dependency}_testing)
    endif()
  endforeach()

  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/main.cc AND NOT TARGET culprit)
    add_executable(culprit ${name}/main.cc)
    target_link_libraries(culprit PRIVATE culprit_${name})
  endif()
  if(TARGET culprit)
    set_target_properties(culprit PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  endif()
  if(tests AND CULPRIT_TESTS)
    culprit_tests(${name} "${tests}")
  endif()
  if(CULPRIT_STRICT)
    culprit_lone_headers(${name})
  endif()
  if(CULPRIT_FUZZ)
    foreach(fuzzer ${fuzzers})
      culprit_program(${name} ${fuzzer} fuzzers)
      target_link_libraries(${program} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
  foreach(bench ${benches})
    culprit_program(${name} ${bench} benches)
  endforeach()
endfunction()

# One program per file, named module_file (module_folder_file where two files have one name), built by target `group`.
function(culprit_program name file group)
  get_filename_component(stem ${file} NAME_WE)
  set(program ${name}_${stem})
  if(TARGET ${program})
    file(RELATIVE_PATH relative ${CMAKE_CURRENT_SOURCE_DIR} ${file})
    string(REGEX REPLACE "\\.cc$" "" program ${relative})
    string(REPLACE "/" "_" program ${program})
  endif()
  add_executable(${program} EXCLUDE_FROM_ALL ${file})
  target_link_libraries(${program} PRIVATE ${with_fakes})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${group})
  add_dependencies(${group} ${program})
  set(program ${program} PARENT_SCOPE)
endfunction()

# These tests use the kernel's events, and a PostgreSQL of another user.
set(root_suites "BpfSource.*:CapturePolicy.*:PrivateServer.*")

# Every TEST is a separate test of ctest, so that skipped tests are counted and named.
function(culprit_tests name tests)
  add_executable(${name}_test ${tests})
  target_link_libraries(${name}_test PRIVATE ${with_fakes} GTest::gtest GTest::gtest_main)
  add_dependencies(unit_tests ${name}_test)
  if(CULPRIT_UNITY)  # compiles the test files in half the time
    target_compile_options(${name}_test PRIVATE -O0)
  endif()
  set(timeout_s 120)
  if(CULPRIT_SANITIZE)  # sanitizers are up to twenty times slower, and some tests use hundreds of thousands of spans
    set(timeout_s 400)
  endif()
  set(properties TIMEOUT ${timeout_s} LABELS unit)
  if(name STREQUAL "capture")
    list(APPEND properties RESOURCE_LOCK kernel)  # two recorders at once would see each other
  endif()
  gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX ${name}/
                       WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} TEST_FILTER "-${root_suites}" PROPERTIES ${properties})
  # `ctest -L root` selects the tests that need root, `-L unit` all tests of modules. Tests that cannot run are skipped with a reason.
  if(name MATCHES "^(capture|demo)$")
    string(REPLACE ";unit" ";unit_root" properties "${properties}")
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX ${name}/
                         TEST_LIST ${name}_root_TESTS WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} TEST_FILTER "${root_suites}"
                         PROPERTIES ${properties})
  endif()
endfunction()

# A header must not depend on other headers that its users include before it.
function(culprit_lone_headers name)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.h)
  list(FILTER headers EXCLUDE REGEX "/bpf/")
  set(lone)
  foreach(header ${headers})
    file(RELATIVE_PATH relative ${CMAKE_CURRENT_SOURCE_DIR} ${header})
    string(MAKE_C_IDENTIFIER ${relative} stem)
    set(file ${CMAKE_BINARY_DIR}/lone/${stem}.cc)
    file(CONFIGURE OUTPUT ${file} CONTENT "#include \"${relative}\"\n" @ONLY)
    list(APPEND lone ${file})
  endforeach()
  if(lone)
    add_library(lone_headers_${name} OBJECT ${lone})
    # A private header may use a library of its module, so it is compiled with the module's settings.
    target_link_libraries(lone_headers_${name} PRIVATE culprit_${name} $<TARGET_PROPERTY:culprit_${name},LINK_LIBRARIES>)
    target_include_directories(lone_headers_${name} PRIVATE $<TARGET_PROPERTY:culprit_${name},INCLUDE_DIRECTORIES>)
    target_compile_definitions(lone_headers_${name} PRIVATE $<TARGET_PROPERTY:culprit_${name},COMPILE_DEFINITIONS>)
  endif()
endfunction()
