// Package aurora is a stand-in for Aurora MySQL: a proxy before a real MySQL server that answers as Aurora does.
//
// It passes packets on and looks at statements. What tells Aurora from MySQL it answers by itself: aurora_version and its
// like, LOAD DATA FROM S3, SELECT INTO OUTFILE S3, the privileges and roles for S3. What Aurora refuses it refuses, or
// the rights of the managed master user refuse it: that account is real, and so are the mysql.rds_* procedures. All the
// rest is the real server's answer.
//
// Numbers and texts are those of the Aurora User Guide and of logs that people published. Where neither tells what Aurora
// does, the stand-in says so: error 1105 that begins with "stand-in:", never a guess that looks like an answer. A few things are
// guesses all the same, and no test may rest on them: what follows "S3 API returned error:" for an object that cannot be read (AWS's own
// name and text of the error), the text of 1227 for a missing privilege or role for S3, file_name in mysql.aurora_s3_load_history (the
// object's key), and the accounts of root, which Aurora does not have.
package aurora
