import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** Writes one line a level through the layout that -Dlog4j2.configurationFile names. */
public class Log4j2 {
  public static void main(String[] args) {
    Logger log = LogManager.getLogger("shop.Orders");
    log.trace("every byte, expects 10");
    log.debug("cache miss, expects 20");
    log.info("request done, expects 30");
    log.warn("slow query, expects 40");
    log.error("no connection, expects 50", new IllegalStateException("refused", new RuntimeException("reset")));
    log.fatal("disk gone, expects 60");
  }
}
