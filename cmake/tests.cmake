# The tests of ctest besides the module tests: the cases, the self-tests of the tools, and end-to-end tests.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

file(GLOB_RECURSE cases CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cases/*.test)
foreach(case ${cases})
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR}/tests/cases ${case})
  string(REGEX REPLACE "\\.test$" "" name ${name})
  add_test(NAME case/${name} COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/run_cases.py
                                     --binary ${CMAKE_BINARY_DIR}/culprit ${case})
  set_tests_properties(case/${name} PROPERTIES LABELS case TIMEOUT 120)
endforeach()

foreach(tool tests/run_cases.py tools/check_layers.py tools/check_docs.py tools/check_words.py)
  get_filename_component(name ${tool} NAME_WE)
  add_test(NAME tool/${name} COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/${tool} --self-test)
  set_tests_properties(tool/${name} PROPERTIES LABELS tool TIMEOUT 60)
endforeach()

add_test(NAME tool/manual COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/manual.py ${CMAKE_BINARY_DIR}/culprit)
set_tests_properties(tool/manual PROPERTIES LABELS tool TIMEOUT 60)

# Each class of findings has a page, with an answer that the program prints today.
add_test(NAME tool/causes COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/causes.py ${CMAKE_BINARY_DIR}/culprit)
set_tests_properties(tool/causes PROPERTIES LABELS tool TIMEOUT 60)

# Makes one of each kind of `./dev new` in a copy of the tree.
add_test(NAME tool/new COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/new.py --self-test)
set_tests_properties(tool/new PROPERTIES LABELS tool TIMEOUT 300 ENVIRONMENT "CULPRIT_DUCKDB_DIR=${CULPRIT_DUCKDB_DIR}")

# Checks that everything that a document names exists: paths, verbs, options, modules, columns.
add_test(NAME tool/docs COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/check_docs.py ${CMAKE_BINARY_DIR}/culprit)
set_tests_properties(tool/docs PROPERTIES LABELS tool TIMEOUT 60)

# tests/e2e/*.sh and *.py: exit status 0 means passed, 77 skipped with a printed reason. They share the kernel, so they run one at a time.
file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/e2e/*_test.sh ${PROJECT_SOURCE_DIR}/tests/e2e/*_test.py)
foreach(program ${programs})
  get_filename_component(name ${program} NAME_WE)
  if(program MATCHES "\\.py$")
    add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} ${program})
  else()
    add_test(NAME e2e/${name} COMMAND bash ${program})
  endif()
  set_tests_properties(e2e/${name} PROPERTIES LABELS "e2e;root" TIMEOUT 300 SKIP_RETURN_CODE 77 RUN_SERIAL ON
                       WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                       ENVIRONMENT "CULPRIT=${CMAKE_BINARY_DIR}/culprit;CULPRIT_BUILD=${CMAKE_BINARY_DIR}")
endforeach()

# postgresql_versions_test uses capture_dump_bench to give a probe a budget of zero.
if(TARGET capture_dump_bench)
  set_target_properties(capture_dump_bench PROPERTIES EXCLUDE_FROM_ALL OFF)
endif()

# tests/cli/*_test.py: tests of the user interface: terminals, signals, rights, printed commands. They need no special rights.
# They run one at a time: one of them measures how soon a signal ends work.
file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cli/*_test.py)
foreach(program ${programs})
  get_filename_component(name ${program} NAME_WE)
  add_test(NAME cli_program/${name} COMMAND ${Python3_EXECUTABLE} ${program})
  set_tests_properties(cli_program/${name} PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77 RUN_SERIAL ON
                       ENVIRONMENT "CULPRIT=${CMAKE_BINARY_DIR}/culprit")
endforeach()
