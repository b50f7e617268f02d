import com.netflix.exhibitor.application.ExhibitorMain;
import com.netflix.exhibitor.standalone.ExhibitorCreator;
import com.netflix.exhibitor.standalone.SecurityArguments;
import java.lang.reflect.Field;
import org.mortbay.jetty.Server;

/**
 * Exhibitor with its REST interface on the address -Dlab.address alone. 1.5.6 itself listens on every address, so that a second
 * one on the same machine could not start; in all else this is its own ExhibitorMain.
 */
final class BoundExhibitor {
    public static void main(String[] arguments) throws Exception {
        ExhibitorCreator creator = new ExhibitorCreator(arguments);
        SecurityArguments security =
            new SecurityArguments(creator.getSecurityFile(), creator.getRealmSpec(), creator.getRemoteAuthSpec());
        ExhibitorMain exhibitor = new ExhibitorMain(creator.getBackupProvider(), creator.getConfigProvider(), creator.getBuilder(),
            creator.getHttpPort(), creator.getSecurityHandler(), security);
        Field server = ExhibitorMain.class.getDeclaredField("server");
        server.setAccessible(true);
        ((Server) server.get(exhibitor)).getConnectors()[0].setHost(System.getProperty("lab.address"));
        exhibitor.start();
        exhibitor.join();
    }
}
