# culprit_module(name deps...): one folder of src is one static library (culprit_name) and one test binary (name_test).
#
# A module's own src/NAME/libraries.cmake, where there is one, links third-party libraries to culprit_NAME.
# `deps` are the modules it may include; tools/check_layers.py holds every #include against the same list.
# Files: *_test.cc go to the test binary, *_fuzz.cc each become a fuzzer in the `fuzz` preset, *_bench.cc a benchmark.
function(culprit_module name)
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$|/main\\.cc$|/bpf/")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(TRANSFORM ARGN PREPEND culprit_ OUTPUT_VARIABLE deps)

  if(sources)
    add_library(culprit_${name} STATIC ${sources})
    set(visibility PUBLIC)
  else()
    add_library(culprit_${name} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(culprit_${name} ${visibility} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(culprit_${name} ${visibility} ${deps})

  # What the module links besides (find_library, pkg-config, generated files), in its own words.
  include(${CMAKE_CURRENT_SOURCE_DIR}/${name}/libraries.cmake OPTIONAL)

  if(tests AND CULPRIT_TESTS)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE culprit_${name} GTest::gtest GTest::gtest_main)
    add_test(NAME ${name}_test COMMAND ${name}_test)
  endif()
  if(CULPRIT_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(target ${fuzzer} NAME_WE)
      add_executable(${name}_${target} ${fuzzer})
      target_link_libraries(${name}_${target} PRIVATE culprit_${name} -fsanitize=fuzzer)
    endforeach()
  endif()
  foreach(bench ${benches})
    get_filename_component(target ${bench} NAME_WE)
    add_executable(${name}_${target} EXCLUDE_FROM_ALL ${bench})
    target_link_libraries(${name}_${target} PRIVATE culprit_${name})
  endforeach()
endfunction()
